//! The files of a node.

use super::{
    CLIENT_PORT, Farm, InitError,
    files::Files,
    plan::{Member, Plan},
};

/// Writes what goes to one machine that filters mail.
pub(super) fn write(
    plan: &Plan,
    farm: &Farm,
    member: &Member,
    key: &nkeys::KeyPair,
    files: &mut Files,
) -> Result<(), InitError> {
    let folder = format!("nodes/{}", member.node);
    files.write(&format!("{folder}/cluster.toml"), &settings(plan, member))?;
    farm.write_client(&folder, member.node.as_str(), key, files)
}

/// The section `[cluster]` of gatepost.toml. The server on the node's own machine comes first.
fn settings(plan: &Plan, member: &Member) -> String {
    let (own, others): (Vec<_>, Vec<_>) = plan.servers.iter().partition(|server| *server == member);
    let url = |server: &Member| format!("    \"tls://{}\",\n", server.host.with_port(CLIENT_PORT));
    let urls: String = own.into_iter().chain(others).map(url).collect();
    let (node, folder) = (&member.node, plan.places.node.display());
    format!(
        "# A part of /etc/gatepost/gatepost.toml on {node}. Written by `gatepost cluster init`.\n\
         [cluster]\n\
         node = \"{node}\"\n\
         nats = [\n{urls}]\n\
         tls_ca = \"{folder}/ca.pem\"\n\
         tls_cert = \"{folder}/client.pem\"\n\
         tls_key = \"{folder}/client.key\"\n\
         nkey = \"{folder}/client.seed\"\n\
         replicas = {replicas}\n",
        replicas = plan.replicas(),
    )
}
