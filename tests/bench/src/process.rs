//! What a process takes.

/// Resident memory in MiB, as the kernel counts it.
pub(crate) fn resident_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// Processor time that it took since its start, in seconds, its own and the kernel's for it.
pub(crate) fn processor_seconds(process: u32) -> f64 {
    /// Fields 14 and 15 of proc_pid_stat(5), of which the name before them may hold spaces.
    const AFTER_NAME: usize = 11;
    /// Linux counts in hundredths of a second for programs, whatever its own beat is.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(AFTER_NAME)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

/// Keeps a process, all its threads and those that they begin, on these processors.
pub(crate) fn keep_on(process: u32, processors: &str) {
    let mut taskset = std::process::Command::new("taskset");
    let done = taskset
        .args(["--all-tasks", "--cpu-list", "--pid", processors])
        .arg(process.to_string())
        .stdout(std::process::Stdio::null())
        .status();
    assert!(done.is_ok_and(|status| status.success()), "no taskset");
}
