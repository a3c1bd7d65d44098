//! A name server that does as it is told: late, silent, failing, and counting what it was asked.
//!
//! UDP and TCP on one port, a thread a question (tests ask few).

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, LazyLock, Mutex},
    thread,
    time::{Duration, Instant},
};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, SOA, TXT},
    },
};

use super::free_address;

/// What the server does with every question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Answers what it knows, NXDOMAIN otherwise.
    #[default]
    Normal,
    /// Answers SERVFAIL.
    Failing,
    /// Says nothing.
    BlackHole,
}

/// A question and when it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// In lower case, without the final dot.
    pub(crate) name: String,
    pub(crate) kind: RecordType,
    pub(crate) at: Instant,
}

#[derive(Default)]
struct State {
    addresses: HashMap<String, Vec<Ipv4Addr>>,
    records: HashMap<(String, RecordType), Vec<RData>>,
    /// Zones about which nothing is said.
    silent: Vec<String>,
    delay: Duration,
    mode: Mode,
    asked: Vec<Asked>,
}

/// A running name server; its threads end with the test process.
#[derive(Clone)]
pub(crate) struct Zone {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Zone {
    /// Answers NXDOMAIN to everything but the RFC 5782 test entries of the given lists.
    pub(crate) fn start(lists: &[&str]) -> Self {
        Self::at(free_address(), lists)
    }

    /// The same on an address of the test's own, for servers that ask where the system says.
    pub(crate) fn at(address: SocketAddr, lists: &[&str]) -> Self {
        let zone = Self { address, state: Arc::default() };
        for list in lists {
            zone.set(&format!("2.0.0.127.{list}"), &["127.0.0.2"]);
            let v6 = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
            zone.set(&format!("{v6}.{list}"), &["127.0.0.2"]);
        }
        zone.serve_udp();
        zone.serve_tcp();
        zone
    }

    /// One for all tests that do not care about DNS: whatever it is asked, it answers SERVFAIL.
    pub(crate) fn failing() -> &'static Self {
        static FAILING: LazyLock<Zone> = LazyLock::new(|| {
            let zone = Zone::start(&[]);
            zone.mode(Mode::Failing);
            zone
        });
        &FAILING
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives a name its addresses; none makes it NXDOMAIN again.
    pub(crate) fn set(&self, name: &str, addresses: &[&str]) {
        let parsed: Vec<_> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let mut state = self.state.lock().unwrap();
        if parsed.is_empty() {
            state.addresses.remove(name);
        } else {
            state.addresses.insert(name.to_owned(), parsed);
        }
    }

    /// Gives a name its one text.
    pub(crate) fn set_text(&self, name: &str, text: &str) {
        let pieces = text.as_bytes().chunks(255).map(String::from_utf8_lossy);
        let data = TXT::new(pieces.map(String::from).collect());
        self.set_records(name, RecordType::TXT, vec![RData::TXT(data)]);
    }

    /// Gives a name records of a type. What is too long for UDP is answered over TCP (RFC 1035, 4.2.1).
    pub(crate) fn set_records(&self, name: &str, kind: RecordType, records: Vec<RData>) {
        self.state.lock().unwrap().records.insert((name.to_owned(), kind), records);
    }

    /// All questions so far, by name and type.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Forgets what it was asked.
    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().asked.clear();
    }

    /// Lists an IPv4 address on a list, with the usual 127.0.0.2.
    pub(crate) fn list(&self, client: &str, list: &str) {
        self.set(&question(client, list), &["127.0.0.2"]);
    }

    /// Every answer from now on comes that much later.
    pub(crate) fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// Questions about names in this zone are not answered from now on.
    pub(crate) fn silence(&self, zone: &str) {
        self.state.lock().unwrap().silent.push(format!(".{zone}"));
    }

    /// Every question from now on is treated so.
    pub(crate) fn mode(&self, mode: Mode) {
        self.state.lock().unwrap().mode = mode;
    }

    /// The questions so far about one IPv4 client on one list, in order.
    pub(crate) fn asked_about(&self, client: &str, list: &str) -> Vec<Asked> {
        let name = question(client, list);
        let mut asked = self.state.lock().unwrap().asked.clone();
        asked.retain(|asked| asked.name == name && asked.kind == RecordType::A);
        asked
    }

    /// How often it was asked for a name, whatever the type.
    pub(crate) fn asked_for(&self, name: &str) -> usize {
        self.state.lock().unwrap().asked.iter().filter(|asked| asked.name == name).count()
    }

    /// How many questions there were so far.
    pub(crate) fn asked_in_all(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    fn serve_udp(&self) {
        let socket = UdpSocket::bind(self.address).unwrap();
        let zone = self.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                let (zone, socket) = (zone.clone(), socket.try_clone().unwrap());
                let question = buffer[..length].to_vec();
                thread::spawn(move || {
                    if let Some(answer) = zone.answer(&question) {
                        let _ = socket.send_to(&fitting(answer), client);
                    }
                });
            }
        });
    }

    fn serve_tcp(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let zone = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let zone = zone.clone();
                thread::spawn(move || zone.talk(stream));
            }
        });
    }

    /// One TCP connection: two bytes of length before each packet (RFC 1035, 4.2.2).
    fn talk(&self, mut stream: TcpStream) {
        let mut length = [0; 2];
        while stream.read_exact(&mut length).is_ok() {
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            if stream.read_exact(&mut question).is_err() {
                return;
            }
            let Some(answer) = self.answer(&question) else { continue };
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            if stream.write_all(&[&length, &answer[..]].concat()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let name = query.name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
        let (addresses, records, is_there, delay, mode) = {
            let mut state = self.state.lock().unwrap();
            let kind = query.query_type;
            state.asked.push(Asked { name: name.clone(), kind, at: Instant::now() });
            if state.silent.iter().any(|zone| name.ends_with(zone)) {
                return None;
            }
            let records = state.records.get(&(name.clone(), kind)).cloned();
            let is_there = state.records.keys().any(|(other, _)| *other == name);
            (state.addresses.get(&name).cloned(), records, is_there, state.delay, state.mode)
        };
        thread::sleep(delay);
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match (mode, addresses) {
            (Mode::BlackHole, _) => return None,
            (Mode::Failing, _) => answer.metadata.response_code = ResponseCode::ServFail,
            (Mode::Normal, _) if records.is_some() => {
                let record = |data| Record::from_rdata(query.name.clone(), 60, data);
                answer.add_answers(records.into_iter().flatten().map(record));
            }
            (Mode::Normal, Some(addresses)) if query.query_type == RecordType::A => {
                answer.add_answers(addresses.iter().map(|&address| {
                    Record::from_rdata(query.name.clone(), 60, RData::A(A(address)))
                }));
            }
            (Mode::Normal, known) => {
                if known.is_none() && !is_there {
                    answer.metadata.response_code = ResponseCode::NXDomain;
                }
                answer.add_authority(start_of_authority());
            }
        }
        answer.to_vec().ok()
    }
}

/// An answer as it goes over UDP: cut off behind the question, and marked so, if it is too long.
fn fitting(answer: Vec<u8>) -> Vec<u8> {
    const MOST: usize = 1_232;
    if answer.len() <= MOST {
        return answer;
    }
    let mut cut = Message::from_vec(&answer).unwrap();
    cut.answers.clear();
    cut.metadata.truncation = true;
    cut.to_vec().unwrap()
}

/// The name that asks a list about an IPv4 address (RFC 5782, 2.1).
fn question(client: &str, list: &str) -> String {
    let [a, b, c, d] = client.parse::<Ipv4Addr>().unwrap().octets();
    format!("{d}.{c}.{b}.{a}.{list}")
}

/// Without it a negative answer may not be cached (RFC 2308).
fn start_of_authority() -> Record {
    let test = Name::from_ascii("test.").unwrap();
    let soa = SOA::new(test.clone(), test.clone(), 1, 60, 60, 60, 60);
    Record::from_rdata(test, 60, RData::SOA(soa))
}
