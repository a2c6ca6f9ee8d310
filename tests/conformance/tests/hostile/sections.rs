//! Rewrites single sections of a finished component.

/// What is to stand in place of a section; None to leave it.
type Change<'a> = &'a mut dyn FnMut(u8, &[u8]) -> Option<Vec<u8>>;

/// The same component with some sections of its core modules replaced: `change` is given the number
/// and the content of each, and returns what is to stand there instead.
pub(crate) fn map(component: &[u8], change: Change<'_>) -> Vec<u8> {
    let (preamble, mut rest) = component.split_at(8);
    let is_component = preamble[6] == 1;
    let mut bytes = preamble.to_vec();
    while let [id, after @ ..] = rest {
        let (length, after) = read_number(after);
        let (content, after) = after.split_at(length);
        rest = after;
        // In a component, section 1 is a core module and section 4 a component.
        let content = match (is_component, id) {
            (true, 1 | 4) => map(content, &mut *change),
            (true, _) => content.to_vec(),
            (false, _) => change(*id, content).unwrap_or_else(|| content.to_vec()),
        };
        bytes.push(*id);
        write_number(&mut bytes, u32::try_from(content.len()).unwrap());
        bytes.extend(content);
    }
    bytes
}

/// LEB128, without a sign.
pub(crate) fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read_number(bytes: &[u8]) -> (usize, &[u8]) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (number, &bytes[at + 1..]);
        }
    }
    (number, &[])
}
