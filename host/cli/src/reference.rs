//! The page `docs/reference/cli.md` against the commands.

use clap::CommandFactory;

const PAGE: &str = include_str!("../../../docs/reference/cli.md");

fn rows(command: &clap::Command, words: &str, into: &mut Vec<String>) {
    if command.get_subcommands().next().is_none() {
        let about = command.get_about().map(ToString::to_string);
        into.push(format!("| `{words}` | {} |", about.unwrap_or_default()));
    }
    for child in command.get_subcommands() {
        let words = format!("{words} {}", child.get_name());
        rows(child, words.trim(), into);
    }
}

#[test]
fn the_page_has_every_command_and_no_other() {
    let mut expected = Vec::new();
    rows(&crate::tree::Cli::command(), "", &mut expected);
    let (_, table) = PAGE.split_once("|---|---|\n").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let found: Vec<&str> = table.lines().collect();
    assert_eq!(found, expected);
}

#[test]
fn the_tree_is_sound() {
    crate::tree::Cli::command().debug_assert();
}
