//! Authentication: SPF, DKIM, ARC, DMARC.

mod spf;
