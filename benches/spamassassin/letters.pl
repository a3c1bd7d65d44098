#!/usr/bin/perl
# Letters for the comparison of authentication, and what DNS knows of those who sent them:
#
#   letters.pl OUT
#
# OUT (a folder) gets a file each letter, and `records` with lines `name<TAB>text`. Every kind of
# signature meets every kind of policy, once from a client that SPF knows and once from another. Keys
# are made anew; Mail::DKIM signs.
use strict;
use warnings;
use Crypt::OpenSSL::RSA;
use Mail::DKIM::ARC::Signer;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signature;
use Mail::DKIM::Signer;

my ($out) = @ARGV;
defined $out or die "usage: letters.pl OUT\n";

# The client that SPF records of these domains know, and another.
my ($known, $stranger) = ('198.51.100.7', '203.0.113.9');
my %records;

# Keys by their names; what DNS says of them, in which PUBLIC stands for the key.
my %keys = (
    good     => [2048, 'v=DKIM1; k=rsa; p=PUBLIC'],
    bare     => [2048, 'p=PUBLIC'],
    short    => [1024, 'v=DKIM1; k=rsa; p=PUBLIC'],
    weak     => [768,  'v=DKIM1; k=rsa; p=PUBLIC'],
    revoked  => [2048, 'v=DKIM1; k=rsa; p='],
    testing  => [2048, 'v=DKIM1; t=y; p=PUBLIC'],
    strict   => [2048, 'v=DKIM1; t=s; p=PUBLIC'],
    other    => [2048, 'v=DKIM1; s=tlsrpt; p=PUBLIC'],
    sha1only => [2048, 'v=DKIM1; h=sha1; p=PUBLIC'],
    missing  => [2048, undef],
    broken   => [2048, 'v=DKIM1; k=rsa; p=%%%'],
);
for my $entry (values %keys) {
    my $rsa    = Crypt::OpenSSL::RSA->generate_key($entry->[0]);
    my $public = $rsa->get_public_key_x509_string;
    $public =~ s/-----[^-]+-----|\s//g;
    $entry->[1] =~ s/PUBLIC/$public/ if defined $entry->[1];
    $entry->[2] = Mail::DKIM::PrivateKey->load(Cork => $rsa);
}

# DMARC records of authors' domains; `inherited`: of the domain above alone.
my %policies = (
    none       => ['v=DMARC1; p=none'],
    quarantine => ['v=DMARC1; p=quarantine; rua=mailto:d@example.org'],
    reject     => ['v=DMARC1; p=reject'],
    strict     => ['v=DMARC1; p=reject; adkim=s; aspf=s'],
    sampled    => ['v=DMARC1; p=reject; pct=0'],
    capitals   => ['V=DMARC1;P=Reject'],
    missing    => [],
    nonsense   => ['v=DMARC1; p=perhaps'],
    several    => ['v=DMARC1; p=reject', 'v=DMARC1; p=none'],
    inherited  => [],
);

# Signatures: of a list each has `d` (or the author's domain), `key`, and what else is said.
my $day = 86_400;
my %signatures = (
    unsigned  => [],
    valid     => [{ key => 'good' }],
    simple    => [{ key => 'good', method => 'simple/simple' }],
    bare      => [{ key => 'bare' }],
    short     => [{ key => 'short' }],
    weak      => [{ key => 'weak' }],
    revoked   => [{ key => 'revoked' }],
    testing   => [{ key => 'testing' }],
    strict    => [{ key => 'strict' }],
    below     => [{ key => 'good', i => '@below.DOMAIN' }],
    strictly  => [{ key => 'strict', i => '@below.DOMAIN' }],
    forTls    => [{ key => 'other' }],
    sha1      => [{ key => 'good', a => 'rsa-sha1' }],
    sha1only  => [{ key => 'sha1only' }],
    keyless   => [{ key => 'missing' }],
    badKey    => [{ key => 'broken' }],
    other     => [{ key => 'good', d => 'esp.example.com' }],
    both      => [{ key => 'good', d => 'esp.example.com' }, { key => 'good' }],
    one       => [{ key => 'missing', d => 'esp.example.com' }, { key => 'good' }],
    expires   => [{ key => 'good', x => time + 30 * $day }],
    expired   => [{ key => 'good', x => time - $day, t => time - 2 * $day }],
    future    => [{ key => 'good', t => time + 30 * $day }],
    changed   => [{ key => 'good', damage => sub { s/noon/four/ } }],
    retitled  => [{ key => 'good', damage => sub { s/^Subject: /Subject: [list] /m } }],
    readdress => [{ key => 'good', damage => sub { s/^To: \S+/To: everybody\@example.com/m } }],
    footer    => [{ key => 'good', damage => sub { $_ .= "--\r\nof the list\r\n" } }],
    rewrapped => [{ key => 'good', damage => sub { s/^Subject: (\S+) /Subject:  $1\r\n /m } }],
    headless  => [{ key => 'good', headers => 'To:Subject:Date' }],
    garbled   => [{ key => 'good', damage => sub { s/; d=[^;]*;/;/ } }],
    versioned => [{ key => 'good', damage => sub { s/v=1;/v=2;/ } }],
    sealed    => [{ arc => 'lists.example.com', key => 'good' }],
    resealed  => [{ arc => 'lists.example.com', key => 'good', damage => sub { s/noon/four/ } }],
);

sub publish {
    my ($selector, $domain) = @_;
    my $text = $keys{$selector}[1];
    $records{"$selector._domainkey.$domain"} = [$text] if defined $text;
}

sub letter {
    my ($from, $title) = @_;
    return join "\r\n", "From: Author <author\@$from>", 'To: reader@example.com', "Subject: $title to read",
        'Date: Thu, 12 Nov 2026 09:30:00 +0000', "Message-ID: <$title\@$from>", 'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8', '', 'Shall we meet at noon?', '', 'Your author', '', '';
}

sub sign {
    my ($letter, $from, $what) = @_;
    my ($domain, $selector) = ($what->{d} // $from, $what->{key});
    publish($selector, $domain);
    my $signer = Mail::DKIM::Signer->new(
        Key    => $keys{$selector}[2],
        Policy => sub {
            my ($signing) = @_;
            my $identity = $what->{i};
            $identity =~ s/DOMAIN/$domain/ if defined $identity;
            $signing->add_signature(Mail::DKIM::Signature->new(
                Algorithm => $what->{a} // 'rsa-sha256',
                Method    => $what->{method} // 'relaxed/relaxed',
                Headers   => $what->{headers} // 'From:To:Subject:Date:Message-ID',
                Domain    => $domain,
                Selector  => $selector,
                Timestamp => $what->{t} // time,
                ($what->{x}       ? (Expiration => $what->{x}) : ()),
                (defined $identity ? (Identity => $identity)   : ()),
            ));
            return 1;
        },
    );
    $signer->PRINT($letter);
    $signer->CLOSE;
    my @signatures = map { $_->as_string } $signer->signatures;
    return join('', map { "$_\r\n" } @signatures) . $letter;
}

sub seal {
    my ($letter, $what) = @_;
    publish($what->{key}, $what->{arc});
    my $signer = Mail::DKIM::ARC::Signer->new(
        Algorithm => 'rsa-sha256',
        Chain     => 'none',
        Domain    => $what->{arc},
        SrvId     => $what->{arc},
        Selector  => $what->{key},
        Key       => $keys{ $what->{key} }[2],
    );
    my $results = "Authentication-Results: $what->{arc}; dmarc=pass header.from=example.org\r\n";
    $signer->PRINT($results . $letter);
    $signer->CLOSE;
    die 'not sealed: ' . $signer->{details} . "\n" if $signer->{result} ne 'sealed';
    return join('', map { "$_\r\n" } $signer->as_strings) . $letter;
}

# What the own server writes on top.
sub delivered {
    my ($letter, $sender, $client) = @_;
    return "Return-Path: <$sender>\r\n"
        . "Received: from mx.example.net (mx.example.net [$client])\r\n"
        . "\tby mx.example.com (Postfix) with ESMTP id 4X1Y2Z\r\n"
        . "\tfor <reader\@example.com>; Thu, 12 Nov 2026 09:30:01 +0000\r\n$letter";
}

for my $policy (sort keys %policies) {
    for my $signature (sort keys %signatures) {
        for my $client ($known, $stranger) {
            my $passes = $client eq $known ? 'pass' : 'fail';
            my $above  = $policy eq 'inherited' ? 'example.net' : 'example.org';
            my $from   = lc "$policy-$signature.$above";
            $records{$from} = ["v=spf1 ip4:$known -all"];
            $records{"_dmarc.$from"} = $policies{$policy};
            my $letter = letter($from, "$policy-$signature-$passes");
            for my $what (@{ $signatures{$signature} }) {
                $letter = $what->{arc} ? seal($letter, $what) : sign($letter, $from, $what);
            }
            for my $damage (map { $_->{damage} // () } @{ $signatures{$signature} }) {
                $damage->() for $letter;
            }
            open my $file, '>:raw', "$out/letter-$policy-$signature-$passes" or die "$out: $!\n";
            print {$file} delivered($letter, "bounce\@$from", $client);
            close $file or die "$out: $!\n";
        }
    }
}
# The domains above.
$records{'_dmarc.example.org'} = [];
$records{'_dmarc.example.net'} = ['v=DMARC1; p=reject; sp=quarantine'];
open my $file, '>', "$out/records" or die "$out/records: $!\n";
for my $name (sort keys %records) {
    print {$file} "$name\t$_\n" for @{ $records{$name} } ? @{ $records{$name} } : '';
}
close $file or die "$out/records: $!\n";
