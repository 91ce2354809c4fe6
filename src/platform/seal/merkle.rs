//! The Merkle tree of an append-only log (RFC 6962, RFC 9162): its root, and the proofs that an entry is in it and that
//! an older tree is its beginning.
//!
//! A complete subtree is stored once, when its last leaf arrives, and never changes. Every hash of every proof of every
//! size is made of those.

use sha2::{Digest, Sha256};
use std::ops::Range;

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of an entry: SHA-256 over 0x00 and its bytes.
pub fn leaf(entry: &[u8]) -> Hash {
    let mut sha = Sha256::new();
    sha.update([0]);
    sha.update(entry);
    sha.finalize().into()
}

/// The hash of an inner node: SHA-256 over 0x01, the left and the right hash.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut sha = Sha256::new();
    sha.update([1]);
    sha.update(left);
    sha.update(right);
    sha.finalize().into()
}

/// The root of the tree without entries: SHA-256 of nothing.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// Where a complete subtree stands: it covers the leaves `index << level .. (index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// 0 for a leaf.
    pub level: u8,
    /// Counts from 0 within its level.
    pub index: u64,
}

/// The right edge of a tree: the roots of its complete subtrees, largest first. All that appending needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    size: u64,
    peaks: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of `size` leaves. `None` when there are not as many peaks as such a tree has.
    pub fn of(size: u64, peaks: Vec<Hash>) -> Option<Edge> {
        (peaks.len() == size.count_ones() as usize).then_some(Edge { size, peaks })
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf; `completed` is told of each inner node that it completes, lowest first.
    pub fn append(&mut self, leaf: Hash, mut completed: impl FnMut(Place, Hash)) {
        let mut place = Place { level: 0, index: self.size };
        let mut hash = leaf;
        while place.index % 2 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = node(&left, &hash);
            place = Place { level: place.level + 1, index: place.index / 2 };
            completed(place, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.peaks)
    }
}

/// The hash of a stretch of leaves from those of its complete subtrees, left to right.
pub fn fold(hashes: &[Hash]) -> Hash {
    let mut rest = hashes.iter().rev();
    match rest.next() {
        Some(last) => rest.fold(*last, |right, left| node(left, &right)),
        None => empty(),
    }
}

/// The complete subtrees, left to right, of a stretch of leaves that begins where one of at least its length may begin.
pub fn parts(leaves: &Range<u64>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = leaves.start;
    while at < leaves.end {
        let level = (leaves.end - at).ilog2();
        places.push(Place { level: u8::try_from(level).unwrap_or(u8::MAX), index: at >> level });
        at += 1 << level;
    }
    places
}

/// The largest power of two below `n`; `n` is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The stretches of leaves whose hashes prove that the leaf `index` is in a tree of `size`, leaf's side first (RFC 9162,
/// 2.1.3.1). `None` when it is not.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let mut path = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The stretches of leaves whose hashes prove that a tree of `old` leaves is the beginning of one of `new` (RFC 9162,
/// 2.1.4.1). Nothing is needed when `old` is 0 or `new`. `None` when `old` is the larger.
pub fn consistency(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old > new {
        return None;
    }
    let mut path = Vec::new();
    if old == 0 || old == new {
        return Some(path);
    }
    let (mut from, mut to) = (0, new);
    // Whether the old tree's part of this subtree is the old tree's root, which the verifier has.
    let mut known = true;
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
            known = false;
        }
    }
    if !known {
        path.push(from..to);
    }
    path.reverse();
    Some(path)
}

/// Whether a proof shows that `leaf` is at `index` of the tree of `size` with this root (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = node(step, &hash);
            while at.is_multiple_of(2) && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether a proof shows that the tree of `old` leaves with `old_root` is the beginning of the one of `new` leaves with
/// `new_root` (RFC 9162, 2.1.4.2). The empty tree is the beginning of every one.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == empty();
    }
    let mut steps = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            of_old = node(step, &of_old);
            of_new = node(step, &of_new);
            while at.is_multiple_of(2) && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node(&of_new, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The leaves of the reference tree of the Certificate Transparency project.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    /// Its roots by size, from 1.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hash(hex: &str) -> Hash {
        hex::decode(hex).expect("hex").try_into().expect("32 bytes")
    }

    /// A tree with every complete subtree, as the database keeps it.
    #[derive(Default)]
    struct Tree {
        edge: Edge,
        nodes: BTreeMap<Place, Hash>,
        roots: Vec<Hash>,
    }

    impl Tree {
        fn of(leaves: impl IntoIterator<Item = Vec<u8>>) -> Tree {
            let mut tree = Tree::default();
            tree.roots.push(tree.edge.root());
            for entry in leaves {
                tree.nodes.insert(Place { level: 0, index: tree.edge.size() }, leaf(&entry));
                tree.edge.append(leaf(&entry), |place, hash| assert!(tree.nodes.insert(place, hash).is_none()));
                tree.roots.push(tree.edge.root());
            }
            tree
        }

        fn proof(&self, stretches: Vec<Range<u64>>) -> Vec<Hash> {
            let hash =
                |stretch: &Range<u64>| fold(&parts(stretch).iter().map(|place| self.nodes[place]).collect::<Vec<_>>());
            stretches.iter().map(hash).collect()
        }
    }

    /// MTH of RFC 9162, 2.1.1, as it is defined there.
    fn defined(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => empty(),
            [one] => leaf(one),
            many => {
                let (left, right) = many.split_at(usize::try_from(split(many.len() as u64)).expect("fits"));
                node(&defined(left), &defined(right))
            }
        }
    }

    fn reference() -> Tree {
        Tree::of(LEAVES.map(|leaf| hex::decode(leaf).expect("hex")))
    }

    #[test]
    fn the_reference_tree_has_its_roots() {
        let tree = reference();
        assert_eq!(hex::encode(tree.roots[0]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(hex::encode(tree.roots[size + 1]), *root, "{size}");
        }
    }

    #[test]
    fn the_reference_tree_has_its_proofs() {
        let tree = reference();
        let shown = |stretches| tree.proof(stretches).iter().map(hex::encode).collect::<Vec<_>>();
        assert_eq!(
            shown(inclusion(0, 8).expect("there")),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            shown(inclusion(2, 3).expect("there")),
            ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]
        );
        assert_eq!(
            shown(consistency(6, 8).expect("there")),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert!(consistency(4, 4).expect("there").is_empty() && consistency(5, 4).is_none());
        assert!(inclusion(8, 8).is_none());
        let proof = tree.proof(consistency(2, 5).expect("there"));
        assert!(verify_consistency(2, &hash(ROOTS[1]), 5, &hash(ROOTS[4]), &proof));
    }

    fn entries(size: u64) -> impl Iterator<Item = Vec<u8>> {
        (0..size).map(|n| n.to_be_bytes().to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_edge_gives_the_root_as_it_is_defined(size in 0_u64..=300) {
            let leaves: Vec<_> = entries(size).collect();
            let tree = Tree::of(leaves.clone());
            prop_assert_eq!(tree.edge.root(), defined(&leaves));
            let whole = Edge::of(size, tree.edge.peaks().to_vec());
            prop_assert_eq!(whole, Some(tree.edge));
        }

        #[test]
        fn an_entry_is_proved_and_no_flipped_bit_is(
            (index, size) in (1_u64..=300).prop_flat_map(|size| (0..size, Just(size))),
            bit in 0_usize..256,
            other in 0_u64..=301,
        ) {
            let tree = Tree::of(entries(size));
            let root = tree.edge.root();
            let own = leaf(&index.to_be_bytes());
            let proof = tree.proof(inclusion(index, size).expect("there"));
            prop_assert!(verify_inclusion(&own, index, size, &proof, &root));
            let flip = |mut hash: Hash| { hash[bit / 8] ^= 1 << (bit % 8); hash };
            prop_assert!(!verify_inclusion(&flip(own), index, size, &proof, &root));
            prop_assert!(!verify_inclusion(&own, index, size, &proof, &flip(root)));
            prop_assert!(other == index || !verify_inclusion(&own, other, size, &proof, &root));
            for at in 0..proof.len() {
                let mut bad = proof.clone();
                bad[at] = flip(bad[at]);
                prop_assert!(!verify_inclusion(&own, index, size, &bad, &root));
                bad.remove(at);
                prop_assert!(!verify_inclusion(&own, index, size, &bad, &root));
            }
            let longer = [&proof[..], &[root]].concat();
            prop_assert!(!verify_inclusion(&own, index, size, &longer, &root));
        }

        #[test]
        fn a_beginning_is_proved_and_no_flipped_bit_is(
            (old, new) in (1_u64..=300).prop_flat_map(|new| (0..=new, Just(new))),
            bit in 0_usize..256,
        ) {
            let tree = Tree::of(entries(new));
            let (old_root, new_root) = (tree.roots[usize::try_from(old).expect("fits")], tree.edge.root());
            let proof = tree.proof(consistency(old, new).expect("there"));
            prop_assert!(verify_consistency(old, &old_root, new, &new_root, &proof));
            let flip = |mut hash: Hash| { hash[bit / 8] ^= 1 << (bit % 8); hash };
            prop_assert!(!verify_consistency(old, &flip(old_root), new, &new_root, &proof));
            // From nothing, every tree can be reached.
            prop_assert!(old == 0 || !verify_consistency(old, &old_root, new, &flip(new_root), &proof));
            for at in 0..proof.len() {
                let mut bad = proof.clone();
                bad[at] = flip(bad[at]);
                prop_assert!(!verify_consistency(old, &old_root, new, &new_root, &bad));
            }
            let longer = [&proof[..], &[new_root]].concat();
            prop_assert!(!verify_consistency(old, &old_root, new, &new_root, &longer));
        }
    }
}
