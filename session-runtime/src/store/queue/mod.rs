//! Between a request and a connection: whatever is asked of the database waits in a bounded queue,
//! until one of the threads that own the connections takes it. Some write, some read.

mod bounded;
mod post;
mod readers;
mod step;
mod workers;
mod writer;

pub(super) use self::readers::Readers;
pub(super) use self::writer::Writer;
