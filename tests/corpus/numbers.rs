//! Signatures as numbers: r and s of the group's arithmetic.

/// How a signature of ours is written wrongly.
pub(crate) fn misshape(signature: &[u8], how: &[&str]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    match how {
        ["short"] => signature[..63].to_vec(),
        ["long"] => [signature, &[0]].concat(),
        ["modified"] => [&[signature[0] ^ 1], &signature[1..]].concat(),
        ["mirrored"] => mirrored(signature),
        ["trailing"] => [r, &[0], s, &[0]].concat(),
        ["huge"] => [&[0; 236], r, &[0; 236], s].concat(),
        ["wide", before_r, before_s] => {
            let byte = |text: &str| vec![text.parse().expect("a byte")];
            [byte(before_r), r.to_vec(), byte(before_s), s.to_vec()].concat()
        }
        ["plus", to_r, to_s] => [plus(r, &number(to_r)), plus(s, &number(to_s))].concat(),
        _ => panic!("no signature is {how:?}"),
    }
}

/// The sum, in 33 bytes.
fn plus(number: &[u8], other: &[u8]) -> Vec<u8> {
    let mut sum = Vec::new();
    let mut carry = 0;
    for (a, b) in number.iter().zip(other).rev() {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        sum.push((digit & 0xff) as u8);
        carry = digit >> 8;
    }
    sum.push(carry as u8);
    sum.reverse();
    sum
}

/// The other signature that holds for the same message: r and n - s.
pub(crate) fn mirrored(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut difference = number("n");
    let mut borrow = 0;
    for (digit, less) in difference.iter_mut().zip(s).rev() {
        let (value, under) = digit.overflowing_sub(*less);
        let (value, again) = value.overflowing_sub(borrow);
        *digit = value;
        borrow = u8::from(under || again);
    }
    [r, &difference].concat()
}

/// A number of the group's arithmetic, in 32 bytes.
pub(crate) fn number(name: &str) -> Vec<u8> {
    let mut order = vec![
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    match name {
        "0" => vec![0; 32],
        "1" => [vec![0; 31], vec![1]].concat(),
        "n" => order,
        "n-1" => {
            order[31] -= 1;
            order
        }
        "n+1" => {
            order[31] += 1;
            order
        }
        "max" => vec![0xff; 32],
        other => panic!("no number is called {other}"),
    }
}
