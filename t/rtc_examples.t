#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for conf-examples/ and docker/: "nginx -t" takes them, with paths of
# this machine in the place of those that don't exist here.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl stream udp realip/)
	->has(qw/auth_request/)->has_daemon('openssl')->plan(6);

my $d = $t->testdir();

# the test files may be linked from elsewhere

my $top = "$FindBin::RealBin/..";

###############################################################################

$t->write_file('openssl.conf', <<EOF);
[ req ]
encrypt_key = no
distinguished_name = req_distinguished_name
[ req_distinguished_name ]
EOF

for my $name ('tls', 'dtls') {
	my $key = $name eq 'dtls'
		? '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
		: '-newkey rsa:2048';

	system("openssl req -x509 -new $key -config $d/openssl.conf "
		. "-subj /CN=$name/ -out $d/$name.crt -keyout $d/$name.key "
		. ">>$d/openssl.out 2>&1") == 0
		or die "Can't create certificate for $name: $!\n";
}

$t->write_file('turn.secret', "secret\n");
$t->write_file('mime.types', "types {\n    text/html  html;\n}\n");
mkdir "$d/log" or die "$!\n";

###############################################################################

for my $name (qw{conf-examples/demo.conf conf-examples/production.conf
	docker/nginx.conf})
{
	my ($taken, $text) = examine($name);

	ok($taken, $name) or diag($text);
	unlike($text, qr/\[warn\]/, "$name without warnings");
}

###############################################################################

sub examine {
	my ($name) = @_;

	open my $f, '<', "$top/$name" or return (0, "$name: $!");
	local $/;
	my $conf = <$f>;
	close $f;

	# modules as the library loads them

	my $modules = join "\n", $t->test_globals() =~ /(load_module [^;]+;)/g;

	$conf =~ s/^load_module\s.*\n//mg;
	$conf =~ s/^user\s.*\n//mg if $> != 0;

	# "nginx -t" opens its sockets

	$conf =~ s/listen\s+(?:\[::\]:)?\K(80|443|8080)(?=[; ])/
		port(8000 + $1 % 1000)/gex;
	$conf =~ s/listen\s+(?:\[::\]:)?\K3478(?= udp)/
		port(8478, udp => 1)/gex;
	$conf =~ s/^\s*listen\s+\[::\]:.*\n//mg unless -e '/proc/net/if_inet6';

	$conf =~ s{(\s)/(?:run|tmp)/}{$1$d/}g;
	$conf =~ s{/etc/nginx/rtc/}{$d/}g;
	$conf =~ s{/etc/nginx/tls/app.example.com}{$d/tls}g;
	$conf =~ s{/etc/nginx/}{$d/}g;
	$conf =~ s{/var/log/nginx/}{$d/log/}g;
	$conf =~ s{/dev/stdout}{$d/log/stdout}g;
	$conf =~ s{^(\s*include\s+)mime\.types}{$1$d/mime.types}mg;

	# folders that are compiled in may be another user's

	unless ($conf =~ /proxy_temp_path/) {
		my $paths = join '', map { "    ${_}_temp_path $d/$_;\n" }
			qw/ client_body proxy fastcgi uwsgi scgi /;
		$conf =~ s/^http \{\n/http {\n$paths/m;
	}

	(my $file = $name) =~ s{/}{-}g;
	$t->write_file($file, "$modules\n$conf");

	my $text = `$Test::Nginx::NGINX -t -p $d/ -c $d/$file -e $d/error.log 2>&1`;

	return ($? == 0, $text);
}

###############################################################################
