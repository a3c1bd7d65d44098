//! What is refused, and what is written.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::*;
use crate::cluster::Node;

fn places() -> Places {
    Places {
        server: "/etc/nats-server".into(),
        storage: "/var/lib/nats-server".into(),
        node: "/etc/gatepost/cluster".into(),
    }
}

/// `a=192.0.2.1 b=mx.example.org`, and the names of servers.
fn plan(nodes: &str, servers: &str) -> Result<Plan, Mistake> {
    let nodes: Vec<Member> = nodes.split_whitespace().map(|node| node.parse().unwrap()).collect();
    let servers: Vec<Node> = servers.split_whitespace().map(|name| name.parse().unwrap()).collect();
    Plan::new(nodes, &servers, places(), 10)
}

/// Every file, by its path below the folder.
fn written(plan: &Plan) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("farm");
    let paths = init(plan, base.clone()).unwrap();
    let name = |path: &Path| path.strip_prefix(&base).unwrap().display().to_string();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn members() {
    for (text, host) in [
        ("a=192.0.2.1", "192.0.2.1"),
        ("a=2001:db8::1", "2001:db8::1"),
        ("a=[2001:db8::1]", "2001:db8::1"),
        ("a=MX1.Example.org", "mx1.example.org"),
        ("a=localhost", "localhost"),
    ] {
        assert_eq!(text.parse::<Member>().unwrap().host.to_string(), host);
    }
    for (text, error) in [
        ("a", "expected NAME=HOST, e.g. a=192.0.2.1"),
        (
            "A=192.0.2.1",
            "`A` is no name of a node (1 to 32 of a-z, 0-9 and -, beginning with a letter or digit)",
        ),
        ("a=", "`` is neither an address nor a host name"),
        ("a=192.0.2.300", "`192.0.2.300` is neither an address nor a host name"),
        ("a=192.0.2.1:4222", "`192.0.2.1:4222` is neither an address nor a host name"),
        ("a=mx1\"", "`mx1\"` is neither an address nor a host name"),
        ("a=-mx.example.org", "`-mx.example.org` is neither an address nor a host name"),
        ("a=mx..org", "`mx..org` is neither an address nor a host name"),
    ] {
        assert_eq!(text.parse::<Member>().unwrap_err().to_string(), error);
    }
}

#[test]
fn farms_that_cannot_be() {
    for (nodes, servers, mistake) in [
        ("", "", Mistake::Empty),
        ("a=192.0.2.1 a=192.0.2.2", "", Mistake::Twice("a".to_owned())),
        ("a=192.0.2.1 b=192.0.2.1", "", Mistake::Twice("192.0.2.1".to_owned())),
        ("a=192.0.2.1", "a a", Mistake::Twice("a".to_owned())),
        ("a=192.0.2.1", "b", Mistake::Unknown("b".parse().unwrap())),
        ("a=192.0.2.1 b=192.0.2.2", "a b", Mistake::Servers(2)),
        (
            "a=192.0.2.1 b=192.0.2.2 c=192.0.2.3 d=192.0.2.4 e=192.0.2.5 f=192.0.2.6 g=192.0.2.7",
            "a b c d e f g",
            Mistake::Servers(7),
        ),
    ] {
        assert_eq!(plan(nodes, servers).unwrap_err(), mistake, "{nodes}; {servers}");
    }
    let node: Member = "a=192.0.2.1".parse().unwrap();
    assert_eq!(Plan::new(vec![node.clone()], &[], places(), 0).unwrap_err(), Mistake::Storage);
    for wrong in ["etc", "/etc/\"x", "/etc/a\nb", "/etc/$x"] {
        let places = Places { server: wrong.into(), ..places() };
        let refused = Plan::new(vec![node.clone()], &[], places, 1).unwrap_err();
        assert_eq!(refused, Mistake::Place(wrong.into()));
    }
}

#[test]
fn who_is_a_server_if_nobody_says() {
    for (nodes, servers, replicas) in [
        ("a=192.0.2.1", "a", 1),
        ("a=192.0.2.1 b=192.0.2.2", "a", 1),
        ("a=192.0.2.1 b=192.0.2.2 c=192.0.2.3", "a b c", 3),
        ("a=192.0.2.1 b=192.0.2.2 c=192.0.2.3 d=192.0.2.4", "a b c", 3),
    ] {
        let plan = plan(nodes, "").unwrap();
        let names: Vec<_> = plan.servers.iter().map(|member| member.node.as_str()).collect();
        assert_eq!((names.join(" ").as_str(), plan.replicas()), (servers, replicas), "{nodes}");
    }
}

#[test]
fn every_machine_gets_its_files() {
    let files = written(&plan("a=192.0.2.1 b=192.0.2.2 c=192.0.2.3 d=192.0.2.4", "").unwrap());
    let names = |folder: &str| -> Vec<String> {
        files.keys().filter_map(|name| name.strip_prefix(folder)).map(str::to_owned).collect()
    };
    for server in ["a", "b", "c"] {
        assert_eq!(
            names(&format!("servers/{server}/")),
            [
                "ca.pem",
                "nats-server.conf",
                "route-ca.pem",
                "route.key",
                "route.pem",
                "server.key",
                "server.pem",
                "service.conf",
                "users.conf"
            ]
        );
    }
    assert!(names("servers/d/").is_empty());
    for node in ["a", "b", "c", "d"] {
        assert_eq!(
            names(&format!("nodes/{node}/")),
            ["ca.pem", "client.key", "client.pem", "client.seed", "cluster.toml"]
        );
    }
    // The key of the farm's authority is nowhere else, nor the one of the servers'.
    for key in ["authority/ca.key", "authority/route-ca.key"] {
        assert_eq!(files.values().filter(|text| **text == files[key]).count(), 1, "{key}");
    }
    let users: Vec<_> =
        ["a", "b", "c"].map(|name| &files[&format!("servers/{name}/users.conf")]).into();
    assert!(users.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn one_server_has_no_routes() {
    let files = written(&plan("a=mx1.example.org b=mx2.example.org", "").unwrap());
    assert!(!files.keys().any(|name| name.starts_with("servers/") && name.contains("route")));
    let server = &files["servers/a/nats-server.conf"];
    assert!(!server.contains("cluster {"), "{server}");
    assert!(server.contains("listen: \"[::]:4222\"\nclient_advertise: \"mx1.example.org:4222\"\n"));
}

#[test]
fn a_node_s_settings() {
    let files = written(&plan("a=192.0.2.1 b=2001:db8::2 c=192.0.2.3", "").unwrap());
    let text = &files["nodes/b/cluster.toml"];
    let table: toml::Table = text.parse().unwrap();
    let expected: toml::Table = r#"
        [cluster]
        node = "b"
        nats = ["tls://[2001:db8::2]:4222", "tls://192.0.2.1:4222", "tls://192.0.2.3:4222"]
        nkey = "/etc/gatepost/cluster/client.seed"
        replicas = 3
        tls_ca = "/etc/gatepost/cluster/ca.pem"
        tls_cert = "/etc/gatepost/cluster/client.pem"
        tls_key = "/etc/gatepost/cluster/client.key"
    "#
    .parse()
    .unwrap();
    assert_eq!(table, expected);
    let settings: crate::cluster::Settings = table["cluster"].clone().try_into().unwrap();
    assert_eq!(settings.node().unwrap().unwrap().as_str(), "b");
}

#[test]
fn a_node_publishes_as_itself() {
    let node: Node = "a".parse().unwrap();
    let own: Vec<_> = permissions::publish(&node)
        .into_iter()
        .filter(|subject| subject.starts_with("gatepost."))
        .collect();
    assert_eq!(own, ["gatepost.journal.a.*", "gatepost.status.a", "gatepost.snapshot"]);
    let news = ["gatepost.journal.*.*", "gatepost.status.*", "gatepost.snapshot"];
    let inbox = "_INBOX_gatepost_a.>";
    assert_eq!(permissions::subscribe(&node), [&[inbox][..], &news[..]].concat());
    let subjects = permissions::publish(&node);
    for never in ["STREAM.DELETE", "STREAM.UPDATE", "DIRECT.GET", "API.>", "journal.*", "status.*"]
    {
        assert!(!subjects.iter().any(|subject| subject.contains(never)), "{never}");
    }
}

#[test]
fn nothing_is_overwritten_and_nobody_else_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("farm");
    let plan = plan("a=192.0.2.1", "").unwrap();
    let paths = init(&plan, base.clone()).unwrap();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(paths.iter().all(|path| mode(path) == 0o600));
    assert!(paths.iter().filter_map(|path| path.parent()).all(|p| mode(&p.to_owned()) == 0o700));
    let before = fs::read(base.join("authority/ca.key")).unwrap();
    assert!(matches!(init(&plan, base.clone()), Err(InitError::Exists(path)) if path == base));
    assert_eq!(fs::read(base.join("authority/ca.key")).unwrap(), before);
}
