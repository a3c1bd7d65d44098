//! The files of a nats-server.

use std::{fmt::Write as _, net::IpAddr, path::Path};

use super::{
    CLIENT_PORT, Farm, InitError, MONITOR_PORT, ROUTE_PORT,
    files::Files,
    permissions,
    plan::{Host, Member, Plan},
};

/// Writes what goes to one machine with a server.
pub(super) fn write(
    plan: &Plan,
    farm: &Farm,
    server: &Member,
    files: &mut Files,
) -> Result<(), InitError> {
    let name = server.node.as_str();
    let folder = format!("servers/{name}");
    files.write(&format!("{folder}/nats-server.conf"), &configuration(plan, server))?;
    files.write(&format!("{folder}/users.conf"), &users(plan, farm))?;
    files.write(&format!("{folder}/ca.pem"), &farm.authority.certificate)?;
    farm.authority.server(name, &server.host)?.write(files, &format!("{folder}/server"))?;
    if plan.servers.len() > 1 {
        files.write(&format!("{folder}/route-ca.pem"), &farm.routes.certificate)?;
        farm.routes.route(name, &server.host)?.write(files, &format!("{folder}/route"))?;
    }
    files.write(&format!("{folder}/service.conf"), &service(plan))
}

fn configuration(plan: &Plan, server: &Member) -> String {
    let Plan { places, gigabytes, .. } = plan;
    let (name, storage) = (&server.node, places.storage.display());
    let mut text = format!(
        "# nats-server of a gatepost farm, on {name} ({host}). Written by `gatepost cluster init`.\n\
         server_name: \"{name}\"\n\
         {listen}\
         # How it is; for this machine alone, since nobody is asked who he is.\n\
         http: \"127.0.0.1:{MONITOR_PORT}\"\n\n\
         # A peer that is gone without a word is noticed after some ten seconds.\n\
         ping_interval: \"5s\"\n\
         ping_max: 2\n\n\
         tls {{\n{tls}}}\n\n\
         jetstream {{\n    store_dir: \"{storage}\"\n    max_file: {gigabytes}GB\n    max_mem: 64MB\n}}\n\n\
         # The same file on every server.\n\
         include \"users.conf\"\n",
        host = server.host,
        listen = listen(&server.host, CLIENT_PORT, "client_advertise"),
        tls = tls(&places.server, "server", "ca"),
    );
    if plan.servers.len() > 1 {
        text.push('\n');
        text.push_str(&cluster(plan, server));
    }
    text
}

/// Servers among themselves.
fn cluster(plan: &Plan, server: &Member) -> String {
    let route =
        |other: &Member| format!("        \"nats-route://{}\"\n", other.host.with_port(ROUTE_PORT));
    let others = plan.servers.iter().filter(|other| *other != server);
    format!(
        "cluster {{\n    name: \"gatepost\"\n    {listen}    # An authority of its own: who has a certificate of a \
         node is no server.\n    tls {{\n{tls}    }}\n    routes: [\n{routes}    ]\n}}\n",
        listen = listen(&server.host, ROUTE_PORT, "cluster_advertise"),
        tls = tls(&plan.places.server, "route", "route-ca"),
        routes = others.map(route).collect::<String>(),
    )
}

/// An address is listened on alone; what a name stands for may change, so everything is, and the name
/// is what others are told.
fn listen(host: &Host, port: u16, advertise: &str) -> String {
    match host {
        Host::Address(_) => format!("listen: \"{}\"\n", host.with_port(port)),
        Host::Name(_) => {
            let any = Host::Address(IpAddr::from([0_u16; 8])).with_port(port);
            format!("listen: \"{any}\"\n{advertise}: \"{}\"\n", host.with_port(port))
        }
    }
}

/// Whoever connects shows a certificate too.
fn tls(folder: &Path, name: &str, authority: &str) -> String {
    let folder = folder.display();
    format!(
        "    cert_file: \"{folder}/{name}.pem\"\n    key_file: \"{folder}/{name}.key\"\n    \
         ca_file: \"{folder}/{authority}.pem\"\n    verify: true\n    timeout: 5\n"
    )
}

/// One account, one user a node, one for the operator.
fn users(plan: &Plan, farm: &Farm) -> String {
    // Each copy counts.
    let gigabytes = plan.gigabytes as usize * plan.servers.len();
    let mut text = format!(
        "# Who may do what, of a gatepost farm. Written by `gatepost cluster init`; the same on every server.\n\
         # After a change: systemctl reload nats-server\n\
         accounts {{\n  GATEPOST {{\n    jetstream {{ max_file: {gigabytes}GB, max_mem: 64MB, \
         max_streams: 8, max_consumers: 1000 }}\n    users: [\n"
    );
    for (member, key) in plan.nodes.iter().zip(&farm.keys) {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "      # node {node}\n      {{\n        nkey: \"{key}\"\n        permissions {{\n          \
             publish {{ allow: [\n{publish}          ] }}\n          subscribe {{ allow: [\n{subscribe}          \
             ] }}\n        }}\n      }}\n",
            node = member.node,
            key = key.public_key(),
            publish = list(&permissions::publish(&member.node)),
            subscribe = list(&permissions::subscribe(&member.node)),
        );
    }
    let operator = farm.operator.public_key();
    let _ = write!(
        text,
        "      # the operator, who may do everything here\n      {{ nkey: \"{operator}\" }}\n    ]\n  }}\n}}\n"
    );
    text
}

fn list(subjects: &[String]) -> String {
    subjects.iter().map(|subject| format!("            \"{subject}\"\n")).collect()
}

/// What Debian's unit does not have: a place to keep things, and a second try.
fn service(plan: &Plan) -> String {
    let (server, storage) = (plan.places.server.display(), plan.places.storage.display());
    format!(
        "# For systemd. Written by `gatepost cluster init`.\n\
         [Service]\n\
         ExecStart=\n\
         ExecStart=/usr/sbin/nats-server -c {server}/nats-server.conf\n\
         ReadWritePaths={storage}\n\
         Restart=always\n\
         RestartSec=2\n\
         LimitNOFILE=65536\n"
    )
}
