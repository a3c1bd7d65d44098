//! gatepost as sendmail's milter: the core of the matrix.

use crate::{
    matrix::{self, World},
    servers::sendmail::Sendmail,
};

#[test]
fn matrix_over_inet() {
    let world = World::start();
    matrix::run(&Sendmail::start(&world.gatepost.inet_for_sendmail()), &world.gatepost);
}

#[test]
fn matrix_over_unix() {
    let world = World::start();
    matrix::run(&Sendmail::start(&world.gatepost.unix()), &world.gatepost);
}

#[test]
fn fifty_recipients() {
    let world = World::start();
    matrix::fifty_recipients(
        &Sendmail::start(&world.gatepost.inet_for_sendmail()),
        &world.gatepost,
    );
}

#[test]
fn scanner_gone() {
    let mut world = World::start();
    let sendmail = Sendmail::start(&world.gatepost.inet_for_sendmail());
    world.clamd.kill();
    matrix::without_scanner(&sendmail, &world.gatepost);
}
