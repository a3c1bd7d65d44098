#!/usr/bin/perl
# What SpamAssassin answers about messages, asked in one process as its own daemon would:
#
#   answers.pl RULES SITE INDEX ROOT EVERY OUT [SERVER PORT]
#
# RULES  folder of the stock rules; SITE: folder with the site's *.pre and local.cf.
# INDEX  lines `label<TAB>path`, paths relative to ROOT; EVERY: only each EVERYth line counts.
# OUT    gets `path<TAB>score<TAB>rules`, OUT.sub `path<TAB>sub-rules with counts`.
#
# Local tests only, unless a name server is given. Standard output: `loading`, `judging` (CPU seconds) and `peak` (KiB of memory),
# one a line with its figure.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($rules, $site, $index, $root, $every, $out, $network, $port) = @ARGV;
defined $out or die "usage: answers.pl RULES SITE INDEX ROOT EVERY OUT [SERVER PORT]\n";

sub cpu { my ($user, $system) = times; return $user + $system }

sub peak {
    open my $status, '<', '/proc/self/status' or return 0;
    my ($line) = grep { /^VmHWM:/ } <$status>;
    return defined $line && $line =~ /(\d+)/ ? $1 : 0;
}

sub message {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/ = undef;
    my $text = <$file> // '';
    # The line that mbox files put before a message.
    $text =~ s/\AFrom [^\n]*\n//;
    return $text;
}

# A pattern with what other patterns caught (`%{NAME}`) is compiled for the first message of a
# process that has the values, and stays so (`/o`). Asked about one message, SpamAssassin goes by
# that message's values; so that it does so about many, such patterns are compiled each time.
require Mail::SpamAssassin::Plugin::Check;
{
    no warnings 'redefine';
    my $add = \&Mail::SpamAssassin::Plugin::Check::add_evalstr;
    *Mail::SpamAssassin::Plugin::Check::add_evalstr = sub {
        my ($self, $status, $code) = @_;
        $code =~ s{(/\$test_qr/g?)op}{$1p}g if ($code // '') =~ /capture_template_rules/;
        return $add->($self, $status, $code);
    };
}

# The addresses of name servers are for rules with `tflags ns`, as the documentation of URIDNSBL has
# it; this release gives them to those with `tflags a` instead, so that the former never hit.
if ($network) {
    require Mail::SpamAssassin::Plugin::URIDNSBL;
    no warnings 'redefine';
    my $lookup = \&Mail::SpamAssassin::Plugin::URIDNSBL::lookup_a_record;
    *Mail::SpamAssassin::Plugin::URIDNSBL::lookup_a_record = sub {
        my ($self, $status, $host, $rules) = @_;
        if ((caller(1))[3] =~ /::complete_ns_lookup$/) {
            $rules = [keys %{$status->{uridnsbl_active_rules_nsrevipbl}}];
        }
        return $lookup->($self, $status, $host, $rules);
    };
}

# Mail::DMARC asks the system's name servers, by a resolver of its own.
if ($network && eval { require Mail::DMARC::PurePerl }) {
    no warnings 'redefine';
    my $resolver = \&Mail::DMARC::Base::get_resolver;
    *Mail::DMARC::Base::get_resolver = sub {
        my $asked = $resolver->(@_);
        $asked->nameservers($network);
        $asked->port($port);
        return $asked;
    };
}

my $engine = Mail::SpamAssassin->new({
    rules_filename       => $rules,
    site_rules_filename  => $site,
    userprefs_filename   => "$site/none",
    userstate_dir        => $site,
    home_dir_for_helpers => $site,
    dont_copy_prefs      => 1,
    local_tests_only     => $network ? 0 : 1,
    username             => 'nobody',
});
$engine->compile_now(0, 1);
my $loading = cpu();

open my $list,  '<', $index     or die "$index: $!\n";
open my $hits,  '>', $out       or die "$out: $!\n";
open my $parts, '>', "$out.sub" or die "$out.sub: $!\n";
my $judging = 0;
while (my $entry = <$list>) {
    next if ($. - 1) % $every;
    chomp $entry;
    my (undef, $path) = split /\t/, $entry;
    my $text   = message("$root/$path");
    my $before = cpu();
    my $mail   = $engine->parse($text, 1);
    my $status = $engine->check($mail);
    $judging += cpu() - $before;
    my @names = sort grep { $_ ne '' } split /,/, $status->get_names_of_tests_hit();
    printf {$hits} "%s\t%.3f\t%s\n", $path, $status->get_score(), join ',', @names;
    printf {$parts} "%s\t%s\n", $path, $status->get_names_of_subtests_hit('dbg') // '';
    $status->finish;
    $mail->finish;
}
close $hits  or die "$out: $!\n";
close $parts or die "$out.sub: $!\n";
printf "loading %.3f\njudging %.3f\npeak %d\n", $loading, $judging, peak();
