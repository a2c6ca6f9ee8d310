//! The machine, as `sys/host-info` shows it: read from the files in which the kernel tells of it.

use base::Map;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Clock ticks of a second, in which the kernel counts times of processors.
const TICKS_PER_SECOND: f64 = 100.0;

/// All of it. What the kernel does not tell is left out.
pub(crate) fn host_info() -> Map {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut shown = Map::new();
    shown.insert("cpu".into(), processors(&read("/proc/cpuinfo")));
    shown.insert("cpu_times".into(), processor_times(&read("/proc/stat")));
    shown.insert("disk".into(), disks(&read("/proc/self/mounts")));
    shown.insert("host".into(), host(&read));
    shown.insert("memory".into(), memory(&read("/proc/meminfo")));
    shown
}

fn processors(text: &str) -> Value {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let each = blocks.map(|block| {
        let field = |name: &str| {
            let mut lines = block.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(known, _)| known.trim() == name);
            found.map_or("", |(_, value)| value.trim())
        };
        let number = |name: &str| field(name).parse::<u64>().unwrap_or_default();
        json!({
            "cpu": number("processor"),
            "vendorId": field("vendor_id"),
            "family": field("cpu family"),
            "model": field("model"),
            "stepping": number("stepping"),
            "physicalId": field("physical id"),
            "coreId": field("core id"),
            "cores": 1,
            "modelName": field("model name"),
            "mhz": field("cpu MHz").parse::<f64>().unwrap_or_default(),
            "cacheSize": field("cache size").trim_end_matches(" KB").parse::<u64>().unwrap_or_default(),
            "flags": field("flags").split_whitespace().collect::<Vec<_>>(),
            "microcode": field("microcode"),
        })
    });
    each.collect()
}

fn processor_times(text: &str) -> Value {
    const NAMES: [&str; 10] = [
        "user",
        "nice",
        "system",
        "idle",
        "iowait",
        "irq",
        "softirq",
        "steal",
        "guest",
        "guestNice",
    ];
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words
            .next()
            .filter(|name| name.starts_with("cpu") && *name != "cpu")?;
        let mut shown = Map::new();
        shown.insert("cpu".into(), name.into());
        for (name, ticks) in NAMES.iter().zip(words) {
            let ticks = ticks.parse::<f64>().unwrap_or_default();
            shown.insert((*name).to_owned(), (ticks / TICKS_PER_SECOND).into());
        }
        Some(Value::Object(shown))
    });
    lines.collect()
}

/// File systems that lie on a device.
fn disks(mounts: &str) -> Value {
    let mut seen: Vec<&str> = Vec::new();
    let mut shown = Vec::new();
    for line in mounts.lines() {
        let mut words = line.split_whitespace();
        let (Some(device), Some(path), Some(kind)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if !device.starts_with("/dev/") || seen.contains(&device) {
            continue;
        }
        seen.push(device);
        shown.extend(disk(path, kind));
    }
    Value::Array(shown)
}

fn disk(path: &str, kind: &str) -> Option<Value> {
    let told = rustix::fs::statvfs(Path::new(path)).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    let used = told.f_blocks.saturating_sub(told.f_bfree);
    let files_used = told.f_files.saturating_sub(told.f_ffree);
    Some(json!({
        "path": path,
        "fstype": kind,
        "total": bytes(told.f_blocks),
        "free": bytes(told.f_bavail),
        "used": bytes(used),
        "usedPercent": percent(used, used.saturating_add(told.f_bavail)),
        "inodesTotal": told.f_files,
        "inodesUsed": files_used,
        "inodesFree": told.f_ffree,
        "inodesUsedPercent": percent(files_used, told.f_files),
    }))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a part of a whole needs no more digits than a float has"
)]
fn percent(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64 * 100.0,
    }
}

fn host(read: &dyn Fn(&str) -> String) -> Value {
    let kernel = |name: &str| read(&format!("/proc/sys/kernel/{name}")).trim().to_owned();
    let uptime = read("/proc/uptime");
    let uptime = uptime
        .split('.')
        .next()
        .and_then(|text| text.parse::<u64>().ok());
    let stat = read("/proc/stat");
    let boot = stat.lines().find_map(|line| line.strip_prefix("btime "));
    let release = read("/etc/os-release");
    let released = |name: &str| {
        let line = release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let processes = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
        });
    json!({
        "hostname": kernel("hostname"),
        "uptime": uptime.unwrap_or_default(),
        "bootTime": boot.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or_default(),
        "procs": processes.count(),
        "os": std::env::consts::OS,
        "platform": released("ID"),
        "platformFamily": released("ID_LIKE"),
        "platformVersion": released("VERSION_ID"),
        "kernelVersion": kernel("osrelease"),
        "kernelArch": std::env::consts::ARCH,
    })
}

fn memory(text: &str) -> Value {
    let mut shown = Map::new();
    let count = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let count = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        count.unwrap_or_default()
    };
    let bytes = |name: &str| count(name).saturating_mul(1024);
    let (total, available) = (bytes("MemTotal"), bytes("MemAvailable"));
    let used = total.saturating_sub(available);
    for (name, value) in [
        ("total", total),
        ("available", available),
        ("used", used),
        ("free", bytes("MemFree")),
        ("active", bytes("Active")),
        ("inactive", bytes("Inactive")),
        ("buffers", bytes("Buffers")),
        ("cached", bytes("Cached")),
        ("dirty", bytes("Dirty")),
        ("writeback", bytes("Writeback")),
        ("shared", bytes("Shmem")),
        ("slab", bytes("Slab")),
        ("mapped", bytes("Mapped")),
        ("pagetables", bytes("PageTables")),
        ("swaptotal", bytes("SwapTotal")),
        ("swapfree", bytes("SwapFree")),
        ("swapcached", bytes("SwapCached")),
        ("writebacktmp", bytes("WritebackTmp")),
        ("sreclaimable", bytes("SReclaimable")),
        ("sunreclaim", bytes("SUnreclaim")),
        ("commitlimit", bytes("CommitLimit")),
        ("committedas", bytes("Committed_AS")),
        ("hightotal", bytes("HighTotal")),
        ("highfree", bytes("HighFree")),
        ("lowtotal", bytes("LowTotal")),
        ("lowfree", bytes("LowFree")),
        ("vmalloctotal", bytes("VmallocTotal")),
        ("vmallocused", bytes("VmallocUsed")),
        ("vmallocchunk", bytes("VmallocChunk")),
        ("hugepagestotal", count("HugePages_Total")),
        ("hugepagesfree", count("HugePages_Free")),
        ("hugepagesize", bytes("Hugepagesize")),
    ] {
        shown.insert(name.into(), value.into());
    }
    shown.insert("usedPercent".into(), percent(used, total).into());
    Value::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let text = "processor\t: 0\nvendor_id\t: V\nmodel name\t: M 1\ncpu MHz\t\t: 2596.1\nflags\t: a b\n\nprocessor\t: 1\n";
        let shown = processors(text);
        assert_eq!(shown[0]["modelName"], "M 1");
        assert_eq!(shown[0]["flags"], json!(["a", "b"]));
        assert_eq!((&shown[1]["cpu"], &shown[2]), (&json!(1), &Value::Null));
        let times = processor_times("cpu  1 2 3 4\ncpu0 100 200 300 400 0 0 0 0 0 0\nintr 5\n");
        assert_eq!(times[0]["cpu"], "cpu0");
        assert_eq!(times[0]["system"].as_f64(), Some(3.0));
        assert_eq!(times[1], Value::Null);
        let memory = memory("MemTotal:  100 kB\nMemAvailable: 25 kB\n");
        assert_eq!(
            (&memory["total"], &memory["used"]),
            (&json!(102_400), &json!(76_800))
        );
        assert_eq!(memory["usedPercent"].as_f64(), Some(75.0));
        assert_eq!(disks("proc /proc proc rw 0 0\nnonsense\n"), json!([]));
    }

    #[test]
    fn this_machine_has_a_processor_and_memory() {
        let shown = host_info();
        assert!(shown["memory"]["total"].as_u64() > Some(0));
        assert!(!shown["cpu_times"].as_array().unwrap().is_empty());
        assert_eq!(shown["host"]["os"], "linux");
    }
}
