//! A farm of filters that tell each other what they learned, by way of real nats-servers.

mod chaos;
mod client;
mod ground;
mod init;
mod joining;
mod learning;
mod lessons;
mod node;
mod partition;
mod pulled_out;
mod strangers;
mod trouble;
