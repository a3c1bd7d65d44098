//! A small name server on loopback for unit tests: the real resolver runs against it.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, SOA, TXT},
    },
};
use tokio::{net::UdpSocket, task::JoinHandle};

use super::{Resolver, Settings};

/// What the server does about a question.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These addresses.
    Addresses(Vec<Ipv4Addr>),
    /// This text.
    Text(Vec<String>),
    /// These records, of any type.
    Data(Vec<RData>),
    /// An alias.
    Alias(&'static str),
    /// No such name, with a SOA.
    Nothing,
    /// A response code.
    Code(ResponseCode),
    /// Not a word.
    Silence,
    /// Bytes that are no DNS message.
    Garbage,
}

impl Reply {
    /// One address.
    pub(crate) fn address(a: [u8; 4]) -> Self {
        Self::Addresses(vec![a.into()])
    }
}

#[derive(Default)]
struct State {
    replies: HashMap<(String, RecordType), Reply>,
    otherwise: Option<Reply>,
    asked: HashMap<String, usize>,
    delay: Duration,
}

/// The server; it ends when dropped. Names are absolute, in lower case, with their final dot.
pub(crate) struct Loopback {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Loopback {
    pub(crate) async fn start() -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let task = tokio::spawn(serve(socket, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// What is answered about a name's addresses.
    pub(crate) fn address(&self, name: &str, reply: Reply) {
        self.set(name, RecordType::A, reply);
    }

    /// What is answered about a name's texts.
    pub(crate) fn text(&self, name: &str, reply: Reply) {
        self.set(name, RecordType::TXT, reply);
    }

    /// What is answered about a name's records of a type.
    pub(crate) fn records(&self, name: &str, kind: RecordType, data: Vec<RData>) {
        self.set(name, kind, Reply::Data(data));
    }

    /// What is answered about every other name; `None`: no such name.
    pub(crate) fn otherwise(&self, reply: Option<Reply>) {
        self.state.lock().unwrap().otherwise = reply;
    }

    /// How long every answer takes.
    pub(crate) fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// How often a name was asked for.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.state.lock().unwrap().asked.get(name).copied().unwrap_or(0)
    }

    /// Settings that ask this server, with more patience than a busy machine needs.
    pub(crate) fn settings(&self) -> Settings {
        Settings { servers: vec![self.address.into()], timeout_ms: 10_000, ..Settings::default() }
    }

    /// A resolver with an empty cache that asks this server.
    pub(crate) fn resolver(&self) -> Resolver {
        Resolver::new(&self.settings()).unwrap()
    }

    /// The same, but soon tired of waiting: for servers that are silent.
    pub(crate) fn impatient(&self) -> Resolver {
        Resolver::new(&Settings { timeout_ms: 1_000, ..self.settings() }).unwrap()
    }

    /// What is answered about a name's records of a type, or that nothing is.
    pub(crate) fn set(&self, name: &str, kind: RecordType, reply: Reply) {
        self.state.lock().unwrap().replies.insert((name.to_owned(), kind), reply);
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: Arc<UdpSocket>, state: Arc<Mutex<State>>) {
    let mut packet = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut packet).await {
        let question = Message::from_vec(&packet[..length]).unwrap();
        let (reply, delay) = choose(&question, &mut state.lock().unwrap());
        let Some(bytes) = encode(&question, reply) else { continue };
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            socket.send_to(&bytes, client).await
        });
    }
}

fn choose(question: &Message, state: &mut State) -> (Reply, Duration) {
    let query = &question.queries[0];
    let name = query.name().to_ascii().to_ascii_lowercase();
    *state.asked.entry(name.clone()).or_default() += 1;
    let reply = state.replies.get(&(name, query.query_type())).or(state.otherwise.as_ref());
    (reply.cloned().unwrap_or(Reply::Nothing), state.delay)
}

fn encode(question: &Message, reply: Reply) -> Option<Vec<u8>> {
    const TTL: u32 = 60;
    let query = question.queries[0].clone();
    let record = |data| Record::from_rdata(query.name().clone(), TTL, data);
    let mut message = Message::response(question.metadata.id, OpCode::Query);
    message.add_query(query.clone());
    message.metadata.recursion_available = true;
    match reply {
        Reply::Addresses(list) => {
            message.add_answers(list.into_iter().map(|a| record(RData::A(A(a)))));
        }
        Reply::Text(pieces) => {
            message.add_answer(record(RData::TXT(TXT::new(pieces))));
        }
        Reply::Data(list) => {
            message.add_answers(list.into_iter().map(record));
        }
        Reply::Alias(name) => {
            let target = Name::from_ascii(name).unwrap();
            message.add_answer(record(RData::CNAME(CNAME(target))));
        }
        Reply::Nothing => {
            let soa = SOA::new(Name::root(), Name::root(), 1, 1, 1, 1, TTL);
            message.metadata.response_code = ResponseCode::NXDomain;
            message.add_authority(record(RData::SOA(soa)));
        }
        Reply::Code(code) => message.metadata.response_code = code,
        Reply::Silence => return None,
        Reply::Garbage => return Some(b"\x00garbage".to_vec()),
    }
    Some(message.to_vec().unwrap())
}
