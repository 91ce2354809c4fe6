//! Signed notes and checkpoints as C2SP writes them down (signed-note, tlog-checkpoint), with Ed25519 keys: the texts by
//! which others can hold the log to what it once said, with tools that exist.

use super::key::{self, PublicKey, SigningKey};
use super::merkle::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::fmt;

/// The byte that says Ed25519.
const ED25519: u8 = 1;
/// What a line with a signature begins with.
const DASH: &str = "— ";

/// What a log says of itself: so many entries, and this root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// A signed note taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What was signed, with the line feed at its end.
    pub text: String,
    /// The signatures below.
    pub signatures: Vec<Signature>,
}

/// A line below a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of who signed.
    pub name: String,
    /// First four bytes of SHA-256 over name, line feed, kind and key.
    pub key_hash: [u8; 4],
    /// The signature itself; 64 bytes when the key is Ed25519.
    pub bytes: Vec<u8>,
}

/// A key with the name it signs notes under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// The name.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root))
    }
}

impl Checkpoint {
    /// Reads the text of a note. Lines beyond the third are extensions and are not looked at. `None` when it is no
    /// checkpoint.
    pub fn parse(text: &str) -> Option<Checkpoint> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let read: u64 = size.parse().ok()?;
        // No sign, no leading zero.
        if origin.is_empty() || read.to_string() != size {
            return None;
        }
        Some(Checkpoint { origin: origin.to_owned(), size: read, root: STANDARD.decode(root).ok()?.try_into().ok()? })
    }
}

/// The four bytes that a key is recognised by under a name.
pub fn key_hash(name: &str, key: &PublicKey) -> [u8; 4] {
    let mut sha = Sha256::new();
    sha.update(name.as_bytes());
    sha.update([b'\n', ED25519]);
    sha.update(key);
    let digest = sha.finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Signs a text that ends with a line feed, once per key, under one name.
pub fn sign(text: &str, name: &str, keys: &[&SigningKey]) -> String {
    let mut note = format!("{text}\n");
    for key in keys {
        let hash = key_hash(name, &key.public());
        let line = STANDARD.encode([&hash[..], &key.sign(text.as_bytes())].concat());
        note.push_str(&format!("{DASH}{name} {line}\n"));
    }
    note
}

impl Note {
    /// Takes a signed note apart. `None` when it is none.
    pub fn parse(note: &str) -> Option<Note> {
        if note.chars().any(|char| char < ' ' && char != '\n') {
            return None;
        }
        // The last empty line is where the text ends.
        let cut = note.rfind("\n\n")?;
        let (text, below) = (&note[..=cut], &note[cut + 2..]);
        let mut signatures = Vec::new();
        for line in below.strip_suffix('\n')?.split('\n') {
            let (name, value) = line.strip_prefix(DASH)?.split_once(' ')?;
            let bytes = STANDARD.decode(value).ok()?;
            let (key_hash, bytes) = bytes.split_first_chunk::<4>()?;
            if name.is_empty() || name.contains('+') || bytes.is_empty() {
                return None;
            }
            signatures.push(Signature { name: name.to_owned(), key_hash: *key_hash, bytes: bytes.to_vec() });
        }
        Some(Note { text: text.to_owned(), signatures })
    }

    /// Whether a signature below says that it is of this key.
    pub fn names(&self, verifier: &Verifier) -> bool {
        let hash = key_hash(&verifier.name, &verifier.key);
        self.signatures.iter().any(|s| s.name == verifier.name && s.key_hash == hash)
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, verifier: &Verifier) -> bool {
        let hash = key_hash(&verifier.name, &verifier.key);
        let mut own = self.signatures.iter().filter(|s| s.name == verifier.name && s.key_hash == hash).peekable();
        own.peek().is_some() && own.all(|s| key::verify(&verifier.key, self.text.as_bytes(), &s.bytes))
    }
}

impl fmt::Display for Verifier {
    /// The line `name+hash+key` by which a key is handed on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = hex::encode(key_hash(&self.name, &self.key));
        write!(f, "{}+{hash}+{}", self.name, STANDARD.encode([&[ED25519], &self.key[..]].concat()))
    }
}

impl Verifier {
    /// Reads such a line. `None` when it is none, its hash is not that of its key, or the key is of another kind.
    pub fn parse(line: &str) -> Option<Verifier> {
        let (name, rest) = line.split_once('+')?;
        let (hash, key) = rest.split_once('+')?;
        let key = STANDARD.decode(key).ok()?;
        let key: PublicKey = key.strip_prefix(&[ED25519])?.try_into().ok()?;
        let sane = !name.is_empty() && !name.contains(char::is_whitespace) && hash == hex::encode(key_hash(name, &key));
        sane.then(|| Verifier { name: name.to_owned(), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`, in which C2SP's format began: its key and its note.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_signed_elsewhere_is_read_and_holds() {
        let verifier = Verifier::parse(VKEY).expect("a key");
        assert_eq!(verifier.to_string(), VKEY);
        let note = Note::parse(NOTE).expect("a note");
        assert!(note.is_signed_by(&verifier));
        let secret = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").expect("base64");
        let key = SigningKey::from_seed(secret[1..].try_into().expect("32 bytes"));
        assert_eq!(sign(&note.text, &verifier.name, &[&key]), NOTE);
        for at in 0..NOTE.len() {
            let mut bytes = NOTE.as_bytes().to_vec();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            let holds = Note::parse(&changed).is_some_and(|note| note.is_signed_by(&verifier));
            assert!(!holds, "byte {at}");
        }
    }

    #[test]
    fn a_checkpoint_is_written_signed_and_read_back() {
        let (old, new) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]));
        let said = Checkpoint { origin: "soil.example/land-check-log".to_owned(), size: 20852163, root: [7; 32] };
        let signed = sign(&said.to_string(), &said.origin, &[&old, &new]);
        let note = Note::parse(&signed).expect("a note");
        assert_eq!(Checkpoint::parse(&note.text), Some(said.clone()));
        for key in [&old, &new] {
            let verifier = Verifier { name: said.origin.clone(), key: key.public() };
            assert_eq!(Verifier::parse(&verifier.to_string()), Some(verifier.clone()));
            assert!(note.is_signed_by(&verifier));
            assert!(!note.is_signed_by(&Verifier { name: "other".to_owned(), ..verifier }));
        }
        assert_eq!(Checkpoint::parse("log\n007\nAAAA\n"), None);
    }
}
