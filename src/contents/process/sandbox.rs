//! Confines this process: limits, landlock, seccomp, in this order, since each takes what the step before
//! needed.

use std::{fs, io};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, RestrictionStatus,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use nix::{
    errno::Errno,
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::Signal,
    },
    unistd,
};

use super::{Confinement, Role, calls, line};
use crate::contents::task::{Confined, Hold};

/// What this program knows of landlock; older kernels enforce what they know.
const KNOWN: ABI = ABI::V7;

/// Why a worker could not be confined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Whoever started it has ended.
    #[error("who started it has ended")]
    Orphan,
    /// It has more threads than one, which would not be confined.
    #[error("it has {0} threads")]
    Threads(usize),
    /// The system does not tell what it has open, or how many threads.
    #[error("cannot read /proc/self")]
    Proc(#[source] io::Error),
    /// A limit cannot be set.
    #[error("cannot set {0}")]
    Limit(&'static str, #[source] Errno),
    /// Landlock failed.
    #[error("landlock failed")]
    Landlock(#[source] Box<landlock::RulesetError>),
    /// This kernel has no landlock, or it is switched off.
    #[error("this kernel has no landlock (5.13), or it is not among its `lsm=`")]
    NoLandlock,
    /// The list of calls is wrong, or for no processor that this runs on.
    #[error("the list of system calls cannot be made")]
    Calls(#[source] seccompiler::BackendError),
    /// The kernel does not take the list.
    #[error("seccomp failed")]
    Seccomp(#[source] seccompiler::Error),
}

/// Confines this process, which must have one thread, and says how far.
///
/// # Errors
/// It cannot be confined, and [`Confinement::insist`] holds; or who started it has ended.
pub(super) fn confine(plan: &Confinement, parent: u32) -> Result<Confined, SandboxError> {
    die_with(parent)?;
    let limits = step(plan, limit(plan).map(|()| Hold::Full))?;
    let (landlock, keeps_signals) = match landlock(plan) {
        Ok(done) => done,
        Err(error) => (step(plan, Err(error))?, false),
    };
    // The last limit: landlock opened what it allows.
    let files = match plan.role {
        Role::Opener => 3,
        Role::Looker => 64,
    };
    step(plan, set(Resource::RLIMIT_NOFILE, files, "open files").map(|()| Hold::Full))?;
    let calls = step(plan, calls::restrict(plan.role, keeps_signals).map(|()| Hold::Full))?;
    Ok(Confined { landlock, calls, limits })
}

/// A failure is told and borne, unless the plan insists.
fn step(plan: &Confinement, done: Result<Hold, SandboxError>) -> Result<Hold, SandboxError> {
    done.or_else(|error| {
        if plan.insist {
            return Err(error);
        }
        line(&format!("not confined: {}", crate::chain(&error)));
        Ok(Hold::None)
    })
}

/// Whatever ends the service ends this process, too. To be exact: when the thread that started it ends, which
/// is why one thread starts them all.
fn die_with(parent: u32) -> Result<(), SandboxError> {
    let failed = |error| SandboxError::Limit("the signal at its parent's end", error);
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(failed)?;
    // It may have ended before.
    let is_there = u32::try_from(unistd::getppid().as_raw()) == Ok(parent);
    if is_there { Ok(()) } else { Err(SandboxError::Orphan) }
}

fn limit(plan: &Confinement) -> Result<(), SandboxError> {
    let threads = entries("/proc/self/task")?.len();
    if threads != 1 {
        return Err(SandboxError::Threads(threads));
    }
    close_inherited()?;
    // When the machine is out of memory, this process goes rather than the service. Not every system lets it.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    let _ = prctl::set_name(match plan.role {
        Role::Opener => c"gatepost-opener",
        Role::Looker => c"gatepost-looker",
    });
    prctl::set_no_new_privs().map_err(|error| SandboxError::Limit("no new privileges", error))?;
    prctl::set_dumpable(false).map_err(|error| SandboxError::Limit("no dumps", error))?;
    rustix::process::nice(plan.role.nice()).map_err(|error| {
        SandboxError::Limit("its priority", Errno::from_raw(error.raw_os_error()))
    })?;
    set(Resource::RLIMIT_AS, plan.memory, "memory")?;
    set(Resource::RLIMIT_CPU, plan.seconds, "processor time")?;
    set(Resource::RLIMIT_CORE, 0, "core files")?;
    set(Resource::RLIMIT_FSIZE, written(plan.role), "written files")?;
    if plan.role == Role::Opener {
        // Counted over all processes of the user, so it can only be none. Root is exempt; seccomp is not.
        set(Resource::RLIMIT_NPROC, 0, "processes")?;
    }
    Ok(())
}

/// How long a file may get that it writes, in bytes. There are none that it may write, but a looker passes
/// pictures on as files in memory.
fn written(role: Role) -> u64 {
    match role {
        Role::Opener => 0,
        Role::Looker => 64 << 20,
    }
}

fn set(resource: Resource, most: u64, what: &'static str) -> Result<(), SandboxError> {
    setrlimit(resource, most, most).map_err(|error| SandboxError::Limit(what, error))
}

/// The service may have been given sockets that were not to be passed on.
fn close_inherited() -> Result<(), SandboxError> {
    for open in entries("/proc/self/fd")? {
        if let Some(number) = open.parse::<i32>().ok().filter(|number| *number > 2) {
            // One of them was the folder's own, and is closed.
            let _ = unistd::close(number);
        }
    }
    Ok(())
}

fn entries(folder: &str) -> Result<Vec<String>, SandboxError> {
    let names = fs::read_dir(folder).map_err(SandboxError::Proc)?;
    Ok(names.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// Files, network and signals to other processes; whether these are kept from it is told beside.
fn landlock(plan: &Confinement) -> Result<(Hold, bool), SandboxError> {
    let status = restrict(plan).map_err(|error| SandboxError::Landlock(Box::new(error)))?;
    let knows_signals = match status.landlock {
        landlock::LandlockStatus::Available { effective_abi, .. } => effective_abi >= ABI::V6,
        _ => false,
    };
    match status.ruleset {
        RulesetStatus::FullyEnforced => Ok((Hold::Full, knows_signals)),
        RulesetStatus::PartiallyEnforced => Ok((Hold::Part, knows_signals)),
        RulesetStatus::NotEnforced => Err(SandboxError::NoLandlock),
    }
}

fn restrict(plan: &Confinement) -> Result<RestrictionStatus, landlock::RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let nowhere: &[&str] = match plan.role {
        Role::Opener => &[],
        // What the programs say that it starts and does not listen to.
        Role::Looker => &["/dev/null"],
    };
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(&plan.read, read))?
        .add_rules(path_beneath_rules(&plan.run, AccessFs::ReadFile | AccessFs::Execute))?
        .add_rules(path_beneath_rules(nowhere, AccessFs::ReadFile | AccessFs::WriteFile))?
        .restrict_self()
}
