//! The ground that farms are tested on: servers in namespaces, links that can be cut. And what
//! replication relies on of nats-server, call by call, on whatever version is installed here.

use std::time::{Duration, Instant};

use async_nats::jetstream::{
    consumer::{DeliverPolicy, pull::OrderedConfig},
    message::PublishMessage,
    object_store,
    stream::{Config, DiscardPolicy, StorageType},
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::io::AsyncReadExt as _;

use super::client::Client;
use crate::servers::{
    nats::Nats,
    netns::{Host, Net},
    wait_until,
};

fn stream(replicas: usize) -> Config {
    Config {
        name: "TEST".to_owned(),
        subjects: vec!["test.*.*".to_owned()],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        num_replicas: replicas,
        duplicate_window: Duration::from_secs(120),
        ..Config::default()
    }
}

fn lap<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = act();
    println!("{what}: {:?}", start.elapsed());
    done
}

fn event(id: &str, expected: Option<u64>) -> PublishMessage {
    let message = PublishMessage::build().message_id(id).payload(id.to_owned().into());
    match expected {
        Some(sequence) => message.expected_last_subject_sequence(sequence),
        None => message,
    }
}

/// Every call that replication makes.
#[test]
fn probe() {
    let server = Nats::start(&Host::here());
    let client = Client::connect(server.host(), vec![server.url()]);
    let info = client.connection().server_info();
    println!("server {} max_payload {}", info.version, info.max_payload);
    client.jetstream(|js| async move {
        let a = js.create_stream(stream(1)).await;
        println!("create: {:?}", a.map(|s| s.cached_info().clone()));
        println!("again: {:?}", js.create_stream(stream(1)).await.map(|_| ()));
        println!("get_or_create: {:?}", js.get_or_create_stream(stream(1)).await.map(|_| ()));
        println!(
            "other config: {:?}",
            js.create_stream(Config { max_messages: 5, ..stream(1) }).await.map(|_| ())
        );
        println!("create_or_update: {:?}", js.create_or_update_stream(stream(1)).await.map(|_| ()));
        for (id, expected) in
            [("o:1", Some(0)), ("o:2", Some(1)), ("o:2", Some(1)), ("o:2", None), ("o:3", Some(1))]
        {
            let sent = js.send_publish("test.a.1", event(id, expected)).await.unwrap().await;
            match sent {
                Ok(ack) => println!("{id} {expected:?}: {ack:?}"),
                Err(error) => println!("{id} {expected:?}: {:?} / {error}", error.kind()),
            }
        }
        let stream = js.get_stream("TEST").await.unwrap();
        println!("last: {:?}", stream.get_last_raw_message_by_subject("test.a.1").await);
        println!("no last: {:?}", stream.get_last_raw_message_by_subject("test.b.1").await);
        println!(
            "last wild: {:?}",
            stream.get_last_raw_message_by_subject("test.*.*").await.map(|m| m.sequence)
        );
        println!(
            "ack of nobody: {:?}",
            js.send_publish("nobody.home", event("x", None))
                .await
                .unwrap()
                .await
                .map_err(|e| (e.kind(), e.to_string()))
        );
        for n in 10..1010_u64 {
            js.send_publish("test.b.1", event(&format!("b:{n}"), None))
                .await
                .unwrap()
                .await
                .unwrap();
        }
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 2 },
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.unwrap();
        let mut messages = consumer.messages().await.unwrap();
        let mut count = 0;
        while count < 1001 {
            let message = messages.next().await.unwrap().unwrap();
            count += 1;
            if count == 1 {
                println!(
                    "first: {:?} {:?} reply {:?}",
                    message.info(),
                    message.headers,
                    message.reply
                );
            }
        }
        println!("ordered: {count}");
        println!("purge to: {:?}", stream.purge().sequence(500).await);
        println!("purge filter to: {:?}", stream.purge().filter("test.a.1").sequence(500).await);
        println!("state {:?}", stream.get_info().await.unwrap().state);
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 2 },
            ..OrderedConfig::default()
        };
        let mut messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
        println!(
            "from before first: {:?}",
            messages.next().await.unwrap().unwrap().info().unwrap().stream_sequence
        );
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 5000 },
            ..OrderedConfig::default()
        };
        let mut messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
        println!(
            "from beyond the end: {:?}",
            tokio::time::timeout(Duration::from_secs(1), messages.next()).await.map(|_| ())
        );
        println!(
            "subjects: {:?}",
            stream.info_with_subjects("test.>").await.unwrap().try_collect::<Vec<_>>().await
        );
    });
    client.jetstream(|js| async move {
        let config = object_store::Config {
            bucket: "TEST".to_owned(),
            storage: StorageType::File,
            num_replicas: 1,
            ..Default::default()
        };
        println!("get none: {:?}", js.get_object_store("TEST").await.map(|_| ()));
        let bucket = js.create_object_store(config.clone()).await.unwrap();
        println!("bucket again: {:?}", js.create_object_store(config).await.map(|_| ()));
        let bytes: Vec<u8> = (0..50_000_000_u32).map(|n| (n % 251) as u8).collect();
        let start = Instant::now();
        println!(
            "put: {:?}",
            bucket.put("snapshot-1", &mut &bytes[..]).await.map(|i| (i.chunks, i.size))
        );
        println!("took {:?}", start.elapsed());
        let start = Instant::now();
        let mut back = Vec::new();
        bucket.get("snapshot-1").await.unwrap().read_to_end(&mut back).await.unwrap();
        println!("get took {:?} {}", start.elapsed(), back == bytes);
        println!("get none: {:?}", bucket.get("snapshot-2").await.map(|_| ()));
        println!(
            "put: {:?}",
            bucket.put("snapshot-2", &mut &bytes[..1000]).await.map(|i| (i.chunks, i.size))
        );
        let list: Vec<_> = bucket.list().await.unwrap().try_collect().await.unwrap();
        println!("list: {:?}", list.iter().map(|i| (&i.name, i.size)).collect::<Vec<_>>());
        println!("delete: {:?}", bucket.delete("snapshot-1").await);
        println!("get deleted: {:?}", bucket.get("snapshot-1").await.map(|_| ()));
        let list: Vec<_> = bucket.list().await.unwrap().try_collect().await.unwrap();
        println!("list: {:?}", list.iter().map(|i| (&i.name, i.size)).collect::<Vec<_>>());
        println!(
            "after delete: {:?}",
            js.get_stream("OBJ_TEST").await.unwrap().get_info().await.unwrap().state
        );
    });
}

#[test]
fn a_cut_minority_refuses_and_the_majority_goes_on() {
    let net = lap("net", || Net::of(3));
    let mut servers = lap("cluster", || Nats::cluster(net.hosts()));
    let clients: Vec<_> =
        servers.iter().map(|server| Client::connect(server.host(), vec![server.url()])).collect();
    let publish = |client: &Client, id: String| {
        client.jetstream(|js| async move {
            let start = Instant::now();
            let sent = match js.send_publish("test.a.1", event(&id, None)).await {
                Ok(sent) => sent.await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            println!("{id}: {sent:?} in {:?}", start.elapsed());
            sent
        })
    };
    let created = clients[0].jetstream(|js| async move {
        js.create_stream(stream(3)).await.map(|s| s.cached_info().clone())
    });
    println!("created {created:?}");
    publish(&clients[1], "1".to_owned()).unwrap();
    let leader = created.unwrap().cluster.unwrap().leader.unwrap();
    let leader: usize = leader[1..].parse().unwrap();
    let others: Vec<_> = (0..3).filter(|&n| n != leader).collect();
    net.isolate(leader);
    for n in 0..4 {
        let _ = publish(&clients[leader], format!("cut {n}"));
    }
    let info =
        clients[leader].jetstream(|js| async move { js.get_stream("TEST").await.map(|_| ()) });
    println!("info of minority: {info:?}");
    lap("majority", || {
        wait_until("majority", Duration::from_secs(60), || {
            publish(&clients[others[0]], "maj".to_owned()).is_ok()
        })
    });
    std::thread::sleep(Duration::from_secs(20));
    let _ = publish(&clients[leader], "cut 9".to_owned());
    net.heal();
    lap("heal", || {
        wait_until("heal", Duration::from_secs(60), || {
            publish(&clients[leader], "healed".to_owned()).is_ok()
        })
    });
    lap("healthy", || servers.iter().for_each(|s| s.wait_healthy()));
    for server in &mut servers {
        server.kill();
    }
    for server in &mut servers {
        server.restart();
    }
    lap("healthy", || servers.iter().for_each(|s| s.wait_healthy()));
    lap("restart", || {
        wait_until("restart", Duration::from_secs(60), || {
            publish(&clients[0], "restarted".to_owned()).is_ok()
        })
    });
    let all = clients[others[1]].jetstream(|js| async move {
        let stream = js.get_stream("TEST").await.unwrap();
        let mut ids = Vec::new();
        let mut messages = stream
            .create_consumer(OrderedConfig::default())
            .await
            .unwrap()
            .messages()
            .await
            .unwrap();
        let last = stream.get_info().await.unwrap().state.last_sequence;
        while let Some(message) = messages.next().await {
            let message = message.unwrap();
            ids.push(String::from_utf8(message.payload.to_vec()).unwrap());
            if message.info().unwrap().stream_sequence >= last {
                break;
            }
        }
        ids
    });
    println!("all {all:?}");
}

#[test]
fn probe3() {
    use async_nats::jetstream::consumer::{AckPolicy, pull};
    let net = Net::of(4);
    let mut servers = Nats::cluster(&net.hosts()[..3]);
    let urls: Vec<_> = servers.iter().map(Nats::url).collect();
    let outside = Client::connect(net.host(3), urls.clone());
    let locals: Vec<_> =
        servers.iter().map(|server| Client::connect(server.host(), vec![server.url()])).collect();
    outside
        .jetstream(|js| async move {
            js.create_stream(stream(3)).await.map(|s| s.cached_info().clone())
        })
        .unwrap();
    let start = Instant::now();
    let leader = || -> Option<usize> {
        outside.jetstream(|js| async move {
            js.get_stream("TEST")
                .await
                .ok()
                .and_then(|s| s.cached_info().cluster.clone())
                .and_then(|c| c.leader)
                .and_then(|l| l[1..].parse().ok())
        })
    };
    let send = |client: &Client, id: String, expected: Option<u64>| {
        client.jetstream(move |js| async move {
            match js.send_publish("test.a.1", event(&id, expected)).await {
                Ok(sent) => sent
                    .await
                    .map(|a| a.sequence)
                    .map_err(|error| format!("{:?} {error}", error.kind())),
                Err(error) => Err(error.to_string()),
            }
        })
    };
    let until = |client: &Client, id: &str| {
        let from = Instant::now();
        let mut last = String::new();
        loop {
            match send(client, id.to_owned(), None) {
                Ok(sequence) => {
                    println!(
                        "{:.1?} {id}: {sequence} after {:.1?}; leader {:?}",
                        start.elapsed(),
                        from.elapsed(),
                        leader()
                    );
                    break;
                }
                Err(error) => {
                    if error != last {
                        println!("{:.1?} {id}: {error}", start.elapsed());
                    }
                    last = error;
                }
            }
            std::thread::sleep(Duration::from_millis(100));
            if from.elapsed() > Duration::from_secs(90) {
                println!("{id}: GIVEN UP");
                break;
            }
        }
    };
    // A loop of short pulls.
    let pull = |name: &'static str, client: &Client| {
        let js = client.jetstream(|js| async move { js });
        client.spawn(async move {
            let mut position = 0_u64;
            loop {
                let got = async {
                    let stream = js
                        .get_stream_no_info("TEST")
                        .await
                        .map_err(|e| format!("get_stream {e:?}"))?;
                    let consumer = stream
                        .create_consumer(pull::Config {
                            deliver_policy: DeliverPolicy::ByStartSequence {
                                start_sequence: position + 1,
                            },
                            ack_policy: AckPolicy::None,
                            memory_storage: true,
                            num_replicas: 1,
                            inactive_threshold: Duration::from_secs(30),
                            ..Default::default()
                        })
                        .await
                        .map_err(|e| format!("create {e}"))?;
                    loop {
                        let mut batch = consumer
                            .batch()
                            .max_messages(500)
                            .expires(Duration::from_secs(2))
                            .heartbeat(Duration::from_millis(700))
                            .messages()
                            .await
                            .map_err(|e| format!("batch {e}"))?;
                        while let Some(message) = batch.next().await {
                            let m = message.map_err(|e| format!("message {e:?}"))?;
                            position = m.info().unwrap().stream_sequence;
                            println!(
                                "    {name} {:.1?}: {position} {:?}",
                                start.elapsed(),
                                m.payload
                            );
                        }
                    }
                    #[allow(unreachable_code)]
                    Ok::<(), String>(())
                }
                .await;
                println!("    {name} {:.1?}: {got:?}", start.elapsed());
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    };
    let first = leader().unwrap();
    pull("pull first leader", &locals[first]);
    pull("pull outside", &outside);
    for n in 0..3 {
        until(&outside, &format!("one {n}"));
    }
    let l = leader().unwrap();
    println!("{:.1?} KILL LEADER {l}", start.elapsed());
    servers[l].kill();
    until(&outside, "killed leader");
    servers[l].restart();
    servers.iter().for_each(Nats::wait_healthy);
    println!("{:.1?} restarted, healthy", start.elapsed());
    let l = leader().unwrap();
    println!("{:.1?} CUT LEADER {l}", start.elapsed());
    net.isolate(l);
    until(&outside, "cut leader");
    std::thread::sleep(Duration::from_secs(30));
    println!("{:.1?} HEAL", start.elapsed());
    net.heal();
    until(&outside, "healed");
    until(&locals[l], "healed, from the cut one");
    std::thread::sleep(Duration::from_secs(5));
    let f = (l + 1) % 3;
    println!("{:.1?} CUT other {f} 60 s", start.elapsed());
    net.isolate(f);
    until(&outside, "cut other");
    std::thread::sleep(Duration::from_secs(60));
    net.heal();
    println!("{:.1?} HEAL", start.elapsed());
    until(&outside, "healed");
    until(&locals[f], "healed, from the cut one");
    std::thread::sleep(Duration::from_secs(3));
    let l = leader().unwrap();
    println!("{:.1?} KILL LEADER {l}", start.elapsed());
    servers[l].kill();
    until(&outside, "killed leader");
    servers[l].restart();
    servers.iter().for_each(Nats::wait_healthy);
    println!("{:.1?} WIPE ALL", start.elapsed());
    for s in &mut servers {
        s.kill();
        s.wipe();
    }
    for s in &mut servers {
        s.restart();
    }
    servers.iter().for_each(Nats::wait_healthy);
    println!(
        "create: {:?}",
        outside.jetstream(|js| async move {
            js.create_stream(stream(3)).await.map(|s| s.cached_info().created)
        })
    );
    for n in 0..40 {
        until(&outside, &format!("new {n}"));
    }
    std::thread::sleep(Duration::from_secs(8));
}
