//! The system calls that a worker may make, by seccomp: two lists.
//!
//! What is on neither fails with EPERM. What no innocent code of that role calls ends the process.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

use super::{Role, SandboxError};

/// By number; no rules: whatever its arguments.
type Calls = BTreeMap<i64, Vec<SeccompRule>>;

/// Restricts this thread, and all that it starts. `keeps_signals`: something else keeps it from sending signals
/// to others.
///
/// # Errors
/// The kernel does not take it, or the processor is one that nobody wrote a list for.
pub(super) fn restrict(role: Role, keeps_signals: bool) -> Result<(), SandboxError> {
    let filters = filters(role, keeps_signals).map_err(SandboxError::Calls)?;
    filters.iter().try_for_each(|filter| apply_filter(filter)).map_err(SandboxError::Seccomp)
}

/// All of them are asked for each call, and the strictest answer counts. Behind the last one, no other can be
/// applied.
fn filters(role: Role, keeps_signals: bool) -> Result<[BpfProgram; 3], BackendError> {
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    // The C library takes that for a kernel that does not have it, and calls clone, whose flags can be seen.
    let missing = SeccompAction::Errno(libc::ENOSYS as u32);
    let (fatal, allowed) = match role {
        Role::Opener => (opener_fatal(), opener()?),
        Role::Looker => (of(&ATTACKS), looker(keeps_signals)?),
    };
    Ok([
        filter(of(&[libc::SYS_clone3]), SeccompAction::Allow, missing)?,
        filter(fatal, SeccompAction::Allow, SeccompAction::KillProcess)?,
        filter(allowed, denied, SeccompAction::Allow)?,
    ])
}

fn filter(
    calls: Calls,
    others: SeccompAction,
    these: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let processor = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(calls, others, these, processor)?.try_into()
}

fn of(calls: &[i64]) -> Calls {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// An argument of a call, masked, is this.
fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompRule, BackendError> {
    let same = SeccompCmpOp::MaskedEq(mask);
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, same, value)?;
    SeccompRule::new(vec![condition])
}

/// An argument of a call is this; an `int` has no upper half that counts.
fn is(argument: u8, value: u32) -> Result<SeccompRule, BackendError> {
    masked(argument, u64::from(u32::MAX), u64::from(value))
}

/// What every program needs to compute, have memory, and end.
const COMPUTING: [i64; 17] = [
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_sched_yield,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit_group,
];

/// What a program needs to read files, and to start another and hear what it says.
const LIVING: [i64; 45] = [
    libc::SYS_exit,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_openat,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_fcntl,
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_getres,
    libc::SYS_execve,
    libc::SYS_wait4,
    libc::SYS_waitid,
];

/// The same on processors that still have the calls of old.
#[cfg(target_arch = "x86_64")]
const LIVING_OLD: [i64; 10] = [
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_poll,
    libc::SYS_vfork,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const LIVING_OLD: [i64; 0] = [];

/// Calls by which a process takes hold of another, or of the kernel.
const ATTACKS: [i64; 26] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_bpf,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_open_by_handle_at,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_setuid,
    libc::SYS_setresuid,
];

/// Calls of the network, and for other processes: nothing in an opener makes them.
const NOT_IN_OPENERS: [i64; 13] = [
    libc::SYS_memfd_create,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_clone3,
];

#[cfg(target_arch = "x86_64")]
const NOT_IN_OPENERS_OLD: [i64; 3] = [libc::SYS_fork, libc::SYS_vfork, libc::SYS_accept];
#[cfg(not(target_arch = "x86_64"))]
const NOT_IN_OPENERS_OLD: [i64; 0] = [];

fn opener_fatal() -> Calls {
    let mut calls = of(&ATTACKS);
    calls.extend(of(&NOT_IN_OPENERS));
    calls.extend(of(&NOT_IN_OPENERS_OLD));
    calls
}

/// Memory that is not to be run, input from the service, output to it; signals to itself alone, which is how
/// the C library aborts.
fn opener() -> Result<Calls, BackendError> {
    let mut calls = of(&COMPUTING);
    let no_code = || masked(2, libc::PROT_EXEC as u64, 0);
    calls.insert(libc::SYS_mmap, vec![no_code()?]);
    calls.insert(libc::SYS_mprotect, vec![no_code()?]);
    calls.insert(libc::SYS_read, vec![is(0, 0)?]);
    calls.insert(libc::SYS_write, vec![is(0, 1)?, is(0, 2)?]);
    calls.insert(libc::SYS_tgkill, vec![is(0, std::process::id())?]);
    Ok(calls)
}

/// Threads and processes, but in no other namespace; limits are read, not set; no sockets.
fn looker(keeps_signals: bool) -> Result<Calls, BackendError> {
    const NAMESPACES: i32 = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    let mut calls = of(&COMPUTING);
    calls.extend(of(&LIVING));
    calls.extend(of(&LIVING_OLD));
    // As far as this list goes: of two that refuse a call, the later one names the error.
    calls.extend(of(&[libc::SYS_clone3]));
    calls.insert(libc::SYS_clone, vec![masked(0, NAMESPACES as u64, 0)?]);
    calls.insert(libc::SYS_prlimit64, vec![masked(2, u64::MAX, 0)?]);
    if keeps_signals {
        calls.extend(of(&[libc::SYS_kill, libc::SYS_tgkill]));
    }
    Ok(calls)
}
