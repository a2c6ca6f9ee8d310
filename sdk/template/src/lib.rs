//! Keeps notes. Change it into what you need.

use sdk::prelude::*;

/// What the engine is: where it may store, and which function serves which path.
const fn engine() -> Engine {
    Engine::new("engine-name", env!("CARGO_PKG_VERSION"), "Keeps notes.")
        .keeps("notes/", Replicated)
        .read("notes/{name}", "Reads a note.", read)
        .update("notes/{name}", "Writes a note.", write)
        .delete("notes/{name}", "Deletes a note.", delete)
        .list("notes", "Lists the notes.", list)
}

sdk::export_engine!(engine);

#[derive(Fields)]
struct At {
    /// Name of the note.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
struct Write {
    /// Name of the note.
    #[field(path, kind = "name")]
    name: String,
    /// What is noted.
    #[field(sensitive)]
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Note {
    text: String,
    written_at_ms: u64,
}

fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let note: Note = ctx.get(&key(&at.name))?.ok_or_else(not_found)?;
    Reply::data(&note)
}

fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let note = Note { text: new.text, written_at_ms: ctx.now_ms() };
    ctx.put(&key(&new.name), &note)?;
    Ok(Reply::Empty)
}

fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    ctx.delete(&key(&at.name))?;
    Ok(Reply::Empty)
}

fn list(ctx: &Ctx, (): ()) -> Result<Reply> {
    ctx.list("notes/").map(Reply::Keys)
}

fn key(name: &str) -> String {
    format!("notes/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::TestMount;

    #[test]
    fn reads_back_what_was_written() {
        let mount = TestMount::new(engine());
        mount.at_time(5).update("notes/a", json!({ "text": "hello" })).unwrap();
        let note = mount.read("notes/a").unwrap().to_value();
        assert_eq!(note, json!({ "text": "hello", "written_at_ms": 5 }));
        assert_eq!(mount.list("notes"), Ok(Reply::Keys(vec!["a".into()])));
    }

    #[test]
    fn a_deleted_note_is_not_found() {
        let mount = TestMount::new(engine());
        mount.update("notes/a", json!({ "text": "hello" })).unwrap();
        mount.delete("notes/a").unwrap();
        assert_eq!(mount.read("notes/a"), Err(not_found()));
    }

    #[test]
    fn a_note_needs_text() {
        let mount = TestMount::new(engine());
        let failure = mount.update("notes/a", json!({})).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Invalid);
        assert!(mount.stored().is_empty());
    }
}
