//! SHA-256, for tests: the one real function among the stand-ins.

const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut input = parts.concat();
    let bits = (input.len() as u64) * 8;
    input.push(0x80);
    while input.len() % 64 != 56 {
        input.push(0);
    }
    input.extend(bits.to_be_bytes());
    let mut state: [u32; 8] = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];
    for block in input.chunks_exact(64) {
        state = compress(state, block);
    }
    let mut digest = [0; 32];
    for (slot, byte) in digest
        .iter_mut()
        .zip(state.into_iter().flat_map(u32::to_be_bytes))
    {
        *slot = byte;
    }
    digest
}

fn compress(state: [u32; 8], block: &[u8]) -> [u32; 8] {
    let word = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(0, |word, byte| (word << 8) | u32::from(*byte))
    };
    let mut last: std::collections::VecDeque<u32> = block.chunks_exact(4).map(word).collect();
    let at = |last: &std::collections::VecDeque<u32>, index| last.get(index).copied().unwrap_or(0);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    for round in ROUND {
        let (w, w1, w9, w14) = (at(&last, 0), at(&last, 1), at(&last, 9), at(&last, 14));
        let s0 = w1.rotate_right(7) ^ w1.rotate_right(18) ^ (w1 >> 3);
        let s1 = w14.rotate_right(17) ^ w14.rotate_right(19) ^ (w14 >> 10);
        last.pop_front();
        last.push_back(w.wrapping_add(s0).wrapping_add(w9).wrapping_add(s1));
        let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = [big1, choice, round, w]
            .into_iter()
            .fold(h, u32::wrapping_add);
        let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(big0).wrapping_add(majority));
    }
    let mut mixed = [a, b, c, d, e, f, g, h];
    for (slot, before) in mixed.iter_mut().zip(state) {
        *slot = slot.wrapping_add(before);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn table() {
        let hex = |parts: &[&[u8]]| {
            sha256(parts)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<String>()
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let long = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        assert_eq!(hex(&[]), empty);
        assert_eq!(hex(&[b"a", b"bc"]), abc);
        let text = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(&[text]), long);
    }
}
