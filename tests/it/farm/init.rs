//! `gatepost cluster init`: its very files let real servers and clients do what replication needs, and
//! nothing else.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use async_nats::{
    ConnectError, ConnectOptions,
    jetstream::{
        Context,
        consumer::{AckPolicy, pull, push},
        context::{CreateStreamError, PublishErrorKind},
        message::PublishMessage,
        stream::{Config, DiscardPolicy, LastRawMessageErrorKind},
    },
};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use gatepost::{
    cluster::{self, Node as Name},
    filter::learn::Teach,
};
use tokio::io::AsyncReadExt as _;

use super::{
    client::Client,
    node::{Node, fresh_message, seeded, until_known},
};
use crate::servers::{
    Folder,
    gatepost::{Config as Filter, program},
    nats::Nats,
    netns::{Host, Net},
    wait_until,
};

/// The files of a farm of three, and where its servers believe they are.
struct Files {
    folder: Folder,
}

impl Files {
    /// Nodes a, b and c on the first three hosts.
    fn write(net: &Net) -> Self {
        let folder = Folder::new();
        let mut command = program();
        command.args(["cluster", "init"]);
        for (name, host) in ["a", "b", "c"].iter().zip(net.hosts()) {
            command.arg("--node").arg(format!("{name}={}", host.address()));
        }
        command.arg("--server-folder").arg(folder.subfolder("etc"));
        command.arg("--storage-folder").arg(folder.subfolder("var"));
        command.args(["--storage", "1"]).arg(folder.path().join("farm"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("farm").join(name)
    }

    /// A server that sees its own files where its configuration says they are: mounted there, for it alone.
    fn server(&self, name: &str, host: &Host) -> Nats {
        let storage = self.folder.subfolder(&format!("jetstream-{name}"));
        let script = "mount --bind \"$1\" \"$2\" && mount --bind \"$3\" \"$4\" && \
                      exec nats-server --config \"$2/nats-server.conf\"";
        let paths = [
            self.path(&format!("servers/{name}")),
            self.folder.path().join("etc"),
            storage.clone(),
            self.folder.path().join("var"),
        ];
        let paths = paths.each_ref().map(|path| path.to_str().unwrap());
        let command = [&["unshare", "--mount", "sh", "-c", script, "nats-server"], &paths[..]];
        Nats::configured(host, &command.concat(), &storage)
    }
}

/// Three servers, ready.
fn servers(files: &Files, net: &Net) -> Vec<Nats> {
    let mut servers: Vec<_> = ["a", "b", "c"]
        .iter()
        .zip(net.hosts())
        .map(|(name, host)| files.server(name, host))
        .collect();
    servers.iter_mut().for_each(Nats::restart);
    servers.iter().for_each(Nats::wait_healthy);
    servers
}

/// What somebody shows at the door.
struct Papers {
    authority: PathBuf,
    /// Certificate and key.
    certificate: Option<(PathBuf, PathBuf)>,
    seed: String,
    inbox: String,
}

impl Papers {
    /// As `init` has written them, in `nodes/a` or `operator`.
    fn of(files: &Files, folder: &str) -> Self {
        let at = |name: &str| files.path(&format!("{folder}/{name}"));
        let inbox = folder.strip_prefix("nodes/").map_or_else(
            || "_INBOX".to_owned(),
            |node| cluster::inbox_prefix(&node.parse().unwrap()),
        );
        Self {
            authority: at("ca.pem"),
            certificate: Some((at("client.pem"), at("client.key"))),
            seed: std::fs::read_to_string(at("client.seed")).unwrap().trim().to_owned(),
            inbox,
        }
    }

    fn connect(self, host: &Host, server: &Nats) -> Result<Client, ConnectError> {
        let options = move || {
            let mut options = ConnectOptions::new()
                .add_root_certificates(self.authority)
                .require_tls(true)
                .nkey(self.seed)
                .custom_inbox_prefix(self.inbox);
            if let Some((certificate, key)) = self.certificate {
                options = options.add_client_certificate(certificate, key);
            }
            options
        };
        Client::with(host, vec![server.url()], options)
    }
}

/// The streams as replication makes them.
async fn make_streams(js: &Context) -> Result<(), CreateStreamError> {
    let stream = |name: &str, subjects: &[&str], each: i64| Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(|&subject| subject.to_owned()).collect(),
        max_messages_per_subject: each,
        discard: DiscardPolicy::New,
        num_replicas: 3,
        ..Config::default()
    };
    js.create_stream(stream(cluster::JOURNAL, &[cluster::JOURNALS], -1)).await?;
    let subjects = [cluster::STATUSES, cluster::SNAPSHOT];
    let discard = DiscardPolicy::Old;
    js.create_stream(Config { discard, ..stream(cluster::STATUS, &subjects, 1) }).await?;
    let bucket = stream(cluster::SNAPSHOTS_STREAM, &[cluster::SNAPSHOTS_SUBJECTS], -1);
    js.create_stream(Config { allow_rollup: true, ..bucket }).await?;
    Ok(())
}

fn node(name: &str) -> Name {
    name.parse().unwrap()
}

/// Sequence and payload of what was stored last on a subject.
async fn last(js: &Context, stream: &str, subject: &str) -> Option<(u64, Vec<u8>)> {
    let stream = js.get_stream(stream).await.unwrap();
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Some((message.sequence, message.payload.to_vec())),
        Err(error) => {
            assert_eq!(error.kind(), LastRawMessageErrorKind::NoMessageFound, "{error}");
            None
        }
    }
}

/// All calls of replication, by one node. Panics if one of them is refused.
async fn do_all(js: Context, name: &'static str) {
    let own = cluster::journal(&node(name), 7);
    let first = PublishMessage::build().message_id(&own).expected_last_subject_sequence(0);
    let ack = js.send_publish(own.clone(), first.payload("one".into())).await.unwrap();
    let sequence = ack.await.unwrap().sequence;
    assert_eq!(last(&js, cluster::JOURNAL, &own).await, Some((sequence, b"one".to_vec())));
    for subject in [cluster::status(&node(name)), cluster::SNAPSHOT.to_owned()] {
        for state in ["old", "new"] {
            js.publish(subject.clone(), state.into()).await.unwrap().await.unwrap();
        }
        let (_, state) = last(&js, cluster::STATUS, &subject).await.unwrap();
        assert_eq!(state, b"new");
    }
    read_on(&js, sequence).await;
    js.get_stream(cluster::JOURNAL).await.unwrap().purge().sequence(sequence).await.unwrap();
    keep_snapshots(&js, name).await;
}

/// The next message after a place, whoever wrote it.
async fn read_on(js: &Context, sequence: u64) {
    let stream = js.get_stream(cluster::JOURNAL).await.unwrap();
    let next = stream.raw_message_builder().sequence(sequence).next_by_subject(cluster::JOURNALS);
    assert_eq!(next.send().await.unwrap().sequence, sequence);
}

/// Big enough for the server to pace its delivery.
async fn keep_snapshots(js: &Context, name: &str) {
    let bucket = js.get_object_store(cluster::SNAPSHOTS).await.unwrap();
    let big: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    for _ in 0..2 {
        bucket.put(name, &mut &big[..]).await.unwrap();
    }
    let mut back = Vec::new();
    bucket.get(name).await.unwrap().read_to_end(&mut back).await.unwrap();
    assert!(back == big);
    let list: Vec<_> = bucket.list().await.unwrap().try_collect().await.unwrap();
    assert!(list.iter().any(|object| object.name == name));
    bucket.delete(name).await.unwrap();
}

#[test]
fn a_node_may_do_what_it_needs() {
    let net = Net::of(3);
    let files = Files::write(&net);
    let servers = servers(&files, &net);
    let nodes = ["a", "b", "c"];
    let connect = |(name, server): (&&str, &Nats)| {
        let papers = Papers::of(&files, &format!("nodes/{name}"));
        papers.connect(server.host(), server).unwrap()
    };
    let clients: Vec<_> = nodes.iter().zip(&servers).map(connect).collect();
    // Each may find that nothing is there yet.
    for client in &clients {
        client.jetstream(|js| async move { make_streams(&js).await }).unwrap();
    }
    for (name, client) in nodes.iter().zip(&clients) {
        client.jetstream(|js| do_all(js, name));
    }
}

/// What is tried under another's name, by every way that is known; then who stands in the streams.
#[test]
fn a_node_cannot_pass_for_another() {
    let net = Net::of(3);
    let files = Files::write(&net);
    let servers = servers(&files, &net);
    let connect =
        |papers: &str| Papers::of(&files, papers).connect(net.host(0), &servers[0]).unwrap();
    let (a, operator) = (connect("nodes/a"), connect("operator"));
    a.jetstream(|js| async move {
        make_streams(&js).await.unwrap();
        let own = cluster::journal(&node("a"), 7);
        js.publish(own, "own".into()).await.unwrap().await.unwrap();
        for forged in [cluster::journal(&node("b"), 7), cluster::status(&node("b"))] {
            let refused = js.publish(forged, "forged".into()).await.unwrap().await.unwrap_err();
            assert_eq!(refused.kind(), PublishErrorKind::TimedOut);
        }
        forge_by_reply(&js).await;
    });
    let found = operator.jetstream(|js| async move {
        let mut found = BTreeSet::new();
        for name in [cluster::JOURNAL, cluster::STATUS] {
            let stream = js.get_stream(name).await.unwrap();
            for sequence in 1..=stream.get_info().await.unwrap().state.last_sequence {
                // A later one may have replaced it.
                if let Ok(message) = stream.get_raw_message(sequence).await {
                    found.insert((message.subject.to_string(), message.payload.to_vec()));
                }
            }
        }
        found
    });
    // Its own message, and pieces of its snapshot under their own subject, which nobody reads there; under
    // b's name the server's own words at most, which no reader takes for events.
    for (subject, payload) in found.into_iter().filter(|(subject, _)| !subject.starts_with("$O.")) {
        let is_own = subject == cluster::journal(&node("a"), 7) && payload == b"own";
        let is_answer = payload.starts_with(b"{\"type\":\"io.nats.jetstream.api.");
        assert!(is_own || is_answer, "{subject}: {}", String::from_utf8_lossy(&payload));
    }
}

/// Asks the server to answer on another node's subjects, with what is a's.
async fn forge_by_reply(js: &Context) {
    let bucket = js.get_object_store(cluster::SNAPSHOTS).await.unwrap();
    bucket.put("forged", &mut &b"forged"[..]).await.unwrap();
    let journal = js.get_stream(cluster::JOURNAL).await.unwrap();
    assert!(journal.create_consumer(pull::Config::default()).await.is_err());
    let objects = js.get_stream(cluster::SNAPSHOTS_STREAM).await.unwrap();
    let consumer = objects.create_consumer(pull::Config::default()).await.unwrap();
    let name = consumer.cached_info().name.clone();
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{name}", cluster::SNAPSHOTS_STREAM);
    let calls = [
        (format!("$JS.API.DIRECT.GET.{}", cluster::SNAPSHOTS_STREAM), "{\"seq\":1}"),
        (format!("$JS.API.STREAM.MSG.GET.{}", cluster::SNAPSHOTS_STREAM), "{\"seq\":1}"),
        (format!("$JS.API.STREAM.INFO.{}", cluster::JOURNAL), ""),
        (next, "1"),
    ];
    let targets = [cluster::journal(&node("b"), 7), cluster::status(&node("b"))];
    for (call, question) in calls {
        for target in &targets {
            js.client()
                .publish_with_reply(call.clone(), target.clone(), question.into())
                .await
                .unwrap();
        }
    }
    let pushed = push::Config {
        deliver_subject: cluster::status(&node("b")),
        ack_policy: AckPolicy::None,
        ..push::Config::default()
    };
    objects.create_consumer(pushed).await.unwrap();
    // What the server answers to these comes before what it answers to this.
    for _ in 0..3 {
        journal.get_info().await.unwrap();
    }
}

#[test]
fn a_node_hears_and_deletes_nothing_of_others() {
    let net = Net::of(3);
    let files = Files::write(&net);
    let servers = servers(&files, &net);
    let connect =
        |papers: &str| Papers::of(&files, papers).connect(net.host(0), &servers[0]).unwrap();
    let (a, b, operator) = (connect("nodes/a"), connect("nodes/b"), connect("operator"));
    operator.jetstream(|js| async move { make_streams(&js).await }).unwrap();
    let (connection, listener) = (a.connection(), operator.connection());
    let subjects = || ["_INBOX_gatepost_b.>", "gatepost.>", "$O.>", ">"].map(str::to_owned);
    let (mut overheard, mut heard) = a.run(async move {
        let mut overheard = Vec::new();
        for subject in subjects() {
            overheard.push(connection.subscribe(subject).await.unwrap());
        }
        connection.flush().await.unwrap();
        // Whoever may do everything does hear it.
        let heard = listener.subscribe("_INBOX_gatepost_b.>").await.unwrap();
        listener.flush().await.unwrap();
        (overheard, heard)
    });
    b.jetstream(|js| async move {
        let own = cluster::journal(&node("b"), 7);
        js.publish(own, "b's".into()).await.unwrap().await.unwrap();
        js.get_stream(cluster::JOURNAL).await.unwrap();
    });
    a.jetstream(|js| async move {
        heard.next().await.unwrap();
        js.client().flush().await.unwrap();
        for subscription in &mut overheard {
            assert!(subscription.next().now_or_never().flatten().is_none());
        }
        for stream in [cluster::JOURNAL, cluster::STATUS, cluster::SNAPSHOTS_STREAM] {
            assert!(js.delete_stream(stream).await.is_err());
            assert!(js.get_stream(stream).await.is_ok());
        }
        let other = Config { name: "OTHER".to_owned(), ..Config::default() };
        assert!(js.create_stream(other).await.is_err());
    });
}

#[test]
fn strangers_are_refused() {
    let net = Net::of(3);
    let (files, strange) = (Files::write(&net), Files::write(&net));
    let mut server = files.server("a", net.host(0));
    server.restart();
    let own = || Papers::of(&files, "nodes/a");
    let other = || Papers::of(&strange, "nodes/a");
    assert!(own().connect(net.host(1), &server).is_ok());
    let cases = [
        ("no certificate", Papers { certificate: None, ..own() }),
        ("another farm's certificate", Papers { certificate: other().certificate, ..own() }),
        ("another farm's key", Papers { seed: other().seed, ..own() }),
        ("another farm's authority", Papers { authority: other().authority, ..own() }),
        ("another node's inbox is no matter here", own()),
    ];
    for (what, papers) in cases {
        let let_in = papers.connect(net.host(1), &server).is_ok();
        assert_eq!(let_in, what.ends_with("here"), "{what}");
    }
}

/// Who has the papers of a node, and even the public part of the servers' authority, is no server.
#[test]
fn a_node_is_no_server() {
    let net = Net::of(4);
    let files = Files::write(&net);
    let mut real = files.server("a", net.host(0));
    real.restart();
    for (certificate, lets_in) in [("nodes/b/client", false), ("servers/b/route", true)] {
        let host = net.host(3);
        let mut rogue = rogue(&files, host, certificate, &real);
        rogue.restart();
        if lets_in {
            wait_until("a route", Duration::from_secs(60), || rogue.routes() == 1);
        } else {
            wait_until("a refusal", Duration::from_secs(60), || {
                real.log().contains("TLS route handshake error")
            });
            assert_eq!(rogue.routes(), 0);
        }
        rogue.stop();
    }
}

/// A server that nobody has invited.
fn rogue(files: &Files, host: &Host, certificate: &str, real: &Nats) -> Nats {
    let certificate = files.path(certificate).display().to_string();
    let text = format!(
        "server_name: rogue\nlisten: \"{address}:4222\"\nhttp: \"127.0.0.1:8222\"\n\
         cluster {{\n  name: gatepost\n  listen: \"{address}:6222\"\n  tls {{\n    cert_file: \"{certificate}.pem\"\n    \
         key_file: \"{certificate}.key\"\n    ca_file: \"{authority}\"\n  }}\n  \
         routes: [\"nats-route://{real}:6222\"]\n}}\n",
        address = host.address(),
        authority = files.path("servers/b/route-ca.pem").display(),
        real = real.host().address(),
    );
    let file = files.folder.write("rogue.conf", text);
    let file = file.to_str().unwrap();
    Nats::configured(host, &["nats-server", "--config", file], files.folder.path())
}

/// The whole of it: gatepost with the section that was written for it, by TLS, with its NKey.
#[test]
fn the_written_files_make_a_farm() {
    let net = Net::of(3);
    let files = Files::write(&net);
    let _servers = servers(&files, &net);
    let start = |(number, name): (usize, &&str)| {
        let folder = files.path(&format!("nodes/{name}"));
        let section = std::fs::read_to_string(folder.join("cluster.toml")).unwrap();
        let section = section.replace("/etc/gatepost/cluster", folder.to_str().unwrap());
        let config = Filter::new().with(&section);
        Node::configured(net.host(number), name, &config)
    };
    let nodes: Vec<_> = ["a", "b", "c"].iter().enumerate().map(start).collect();
    let teachers: Vec<_> = nodes.iter().map(Node::teacher).collect();
    let mut random = seeded(1);
    for teacher in &teachers {
        let message = fresh_message(&mut random);
        teacher.teach(Teach::Ham, &message).unwrap();
        until_known(&teachers.iter().collect::<Vec<_>>(), Teach::Ham, &message);
    }
    for node in &nodes {
        let said = || node.gatepost.shell().run(&["cluster", "status"]);
        wait_until("a level farm", Duration::from_secs(60), || said().status == 0);
        let said = said().out;
        assert!(said.starts_with(&format!("node {}, connected to ", node.name)), "{said}");
        assert!(said.ends_with("All nodes that speak know the same.\n"), "{said}");
    }
}
