//! README.txt: what to copy where.

use super::{
    CLIENT_PORT, ROUTE_PORT,
    plan::{Member, Plan},
};

/// Before 2.9.16 what a server sends to another counts as a sign of life of the other.
const RETRIES: &str = "
nats-server before 2.9.16 does not notice that another server is cut off, and after a cut may take as
long again to find it. There, let the system end connections that nobody answers:

    echo net.ipv4.tcp_retries2=5 > /etc/sysctl.d/60-nats-server.conf
    sysctl --system

That holds for all programs of the machine: a connection ends after some 13 seconds of silence instead of
a quarter of an hour.
";

/// Its text.
pub(super) fn text(plan: &Plan) -> String {
    let parts = [head(plan), servers(plan), nodes(plan), operator(plan), keep()];
    parts.join("\n")
}

fn head(plan: &Plan) -> String {
    let names = |members: &[Member]| {
        let names: Vec<_> =
            members.iter().map(|member| format!("{} ({})", member.node, member.host)).collect();
        names.join(", ")
    };
    let losses = match plan.servers.len() {
        1 => "While it is down nodes go on to judge and to learn, and tell each other afterwards."
            .to_owned(),
        many => format!(
            "{} of them may be down. Beyond that nodes go on to judge and to learn, and tell each other afterwards.",
            (many - 1) / 2
        ),
    };
    format!(
        "A farm of gatepost\n==================\n\n\
         Nodes, which filter mail: {}.\nServers, which run nats-server 2.9.10 or newer: {}.\n{losses}\n\n\
         All files here are secret, except those ending in .pem and this one. Copy them over ssh.\n",
        names(&plan.nodes),
        names(&plan.servers),
    )
}

fn servers(plan: &Plan) -> String {
    let (folder, storage) = (plan.places.server.display(), plan.places.storage.display());
    let ports = if plan.servers.len() > 1 {
        format!(
            "Let all nodes reach port {CLIENT_PORT} of the servers, and the servers port {ROUTE_PORT} of each other."
        )
    } else {
        format!("Let all nodes reach port {CLIENT_PORT} of the server.")
    };
    let mut text = "1. The servers\n--------------\n".to_owned();
    for server in &plan.servers {
        let name = &server.node;
        text += &format!(
            "On {name}, as root, with servers/{name}/ of this folder:\n\n    \
             apt install nats-server\n    \
             install -d -o root -g nats -m 0750 {folder}\n    \
             install -o root -g nats -m 0640 servers/{name}/*.pem servers/{name}/*.key {folder}/\n    \
             install -o root -g nats -m 0640 servers/{name}/nats-server.conf servers/{name}/users.conf {folder}/\n    \
             install -d -o nats -g nats -m 0700 {storage}\n    \
             install -D -m 0644 servers/{name}/service.conf /etc/systemd/system/nats-server.service.d/gatepost.conf\n    \
             systemctl daemon-reload\n    \
             systemctl enable nats-server\n    \
             systemctl restart nats-server\n\n"
        );
    }
    text += &ports;
    text += "\n";
    if plan.servers.len() > 1 {
        text += RETRIES;
    }
    text
}

fn nodes(plan: &Plan) -> String {
    let folder = plan.places.node.display();
    let mut text = "2. The nodes\n------------\n".to_owned();
    for member in &plan.nodes {
        let name = &member.node;
        text += &format!(
            "On {name}, as root, with nodes/{name}/ of this folder; gatepost is the user that the filter runs as:\n\n    \
             install -d -o root -g gatepost -m 0750 {folder}\n    \
             install -o root -g gatepost -m 0640 nodes/{name}/ca.pem nodes/{name}/client.* {folder}/\n    \
             cat nodes/{name}/cluster.toml >> /etc/gatepost/gatepost.toml\n    \
             gatepost config check\n    \
             systemctl restart gatepost\n\n"
        );
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn operator(plan: &Plan) -> String {
    let urls: Vec<_> = plan
        .servers
        .iter()
        .map(|server| format!("tls://{}", server.host.with_port(CLIENT_PORT)))
        .collect();
    format!(
        "3. Looking after the streams\n----------------------------\n\
         The nats command line tool, with the files in operator/:\n\n    \
         nats --server {} --tlsca operator/ca.pem --tlscert operator/client.pem \\\n        \
         --tlskey operator/client.key --nkey operator/client.seed stream report\n\n\
         This user may do everything with the streams. Nodes may publish under their own names only.\n",
        urls.join(",")
    )
}

fn keep() -> String {
    "4. Afterwards\n-------------\n\
     Keep this folder where only you can read it, and not on a node: authority/ signs the certificates of\n\
     nodes that come later. A node that leaves: take its user out of users.conf on every server, and\n\
     systemctl reload nats-server. Certificates are valid for ten years.\n"
        .to_owned()
}
