
mod pg;
