package Test::Nginx;

# Copyright (C) nginx-rtc-module authors

# Runs nginx for tests.  The interface is that of nginx's own test library,
# so that the test files run on both; the implementation is our own.

###############################################################################

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ log_in log_out http http_get http_head port /;
our @EXPORT_OK = qw/ http_start http_end http_content http_gzip_request
	http_gzip_like /;
our %EXPORT_TAGS = (gzip => [ qw/ http_gzip_request http_gzip_like / ]);

###############################################################################

use Cwd qw/ abs_path /;
use Fcntl qw/ :flock /;
use File::Basename qw/ dirname /;
use File::Path qw/ rmtree /;
use File::Spec;
use File::Temp qw/ tempdir /;
use IO::Select;
use IO::Socket;
use POSIX qw/ WNOHANG /;
use Scalar::Util qw/ weaken /;
use Socket qw/ CRLF /;
use Test::More qw//;
use Time::HiRes qw/ sleep time /;

###############################################################################

my $home = dirname(dirname(dirname(abs_path(__FILE__))));

our $NGINX = defined $ENV{TEST_NGINX_BINARY} ? $ENV{TEST_NGINX_BINARY}
	: installed();

# the module under test; TEST_NGINX_GLOBALS may load another one itself

our $RTC = defined $ENV{TEST_NGINX_RTC_MODULE} ? $ENV{TEST_NGINX_RTC_MODULE}
	: "$home/../build/ngx_rtc_module.so";

my %ports;
my %live;
my $output;

###############################################################################

sub new {
	my ($class) = @_;
	my $self = bless {}, $class;

	$self->{_owner} = $$;
	$self->{_daemons} = [];
	$self->{_alerts} = 1;

	$self->{_testdir} = tempdir('nginx-test-XXXXXXXXXX', TMPDIR => 1,
		CLEANUP => 0);

	# workers run as another user when the tests run as root

	chmod 0755, $self->{_testdir} if $> == 0;

	# a file that dies must not leave its nginx behind

	for my $signal (qw/ INT TERM /) {
		$SIG{$signal} = sub { exit 1 } unless defined $SIG{$signal};
	}

	$SIG{PIPE} = 'IGNORE';

	weaken($live{$self->{_testdir}} = $self);

	return $self;
}

# an object that subs of the test file refer to outlives END blocks, and its
# checks would come after the end of the plan

END {
	$_->DESTROY() for grep { defined } values %live;
}

sub DESTROY {
	my ($self) = @_;
	local ($@, $!, $?);

	return if !defined $self->{_owner} || $self->{_owner} != $$;
	delete $self->{_owner};
	delete $live{$self->{_testdir}};

	$self->stop();
	$self->stop_daemons();

	if (Test::More->builder->expected_tests) {
		my $builder = Test::More->builder;

		$builder->todo_start('alerts are expected')
			unless $self->{_alerts};
		Test::More::is($self->_log_lines(qr/\[alert\]/), '',
			'no alerts');
		$builder->todo_end() unless $self->{_alerts};

		Test::More::is($self->_log_lines(
			qr/Sanitizer|: runtime error: /), '',
			'no sanitizer errors');
	}

	if ($ENV{TEST_NGINX_CATLOG}) {
		my $log = $self->_log();
		$log =~ s/^/# /mg;
		print STDERR $log;
	}

	if ($ENV{TEST_NGINX_LEAVE}) {
		print STDERR "# left: $self->{_testdir}\n";
		return;
	}

	# only ours, and only where it was made

	rmtree($self->{_testdir}) if $self->{_testdir} =~ m{/nginx-test-\w+$};
}

###############################################################################

# what nginx can do

sub has {
	my ($self, @features) = @_;

	for my $feature (@features) {
		Test::More::plan(skip_all => "no $feature available")
			unless $self->has_module($feature)
			or $self->has_feature($feature);
	}

	return $self;
}

my %modules = (
	http => '--without-http(?! \S)(?=\s|$)',
	cache => '--without-http-cache',
	rewrite => '--without-http_rewrite_module',
	access => '--without-http_access_module',
	auth_basic => '--without-http_auth_basic_module',
	autoindex => '--without-http_autoindex_module',
	browser => '--without-http_browser_module',
	charset => '--without-http_charset_module',
	empty_gif => '--without-http_empty_gif_module',
	fastcgi => '--without-http_fastcgi_module',
	geo => '--without-http_geo_module',
	gzip => '--without-http_gzip_module',
	limit_conn => '--without-http_limit_conn_module',
	limit_req => '--without-http_limit_req_module',
	map => '--without-http_map_module',
	memcached => '--without-http_memcached_module',
	proxy => '--without-http_proxy_module',
	referer => '--without-http_referer_module',
	split_clients => '--without-http_split_clients_module',
	ssi => '--without-http_ssi_module',
	upstream_hash => '--without-http_upstream_hash_module',
	upstream_ip_hash => '--without-http_upstream_ip_hash_module',
	upstream_keepalive => '--without-http_upstream_keepalive_module',
	upstream_least_conn => '--without-http_upstream_least_conn_module',
	upstream_random => '--without-http_upstream_random_module',
	upstream_zone => '--without-http_upstream_zone_module',
	userid => '--without-http_userid_module',
	uwsgi => '--without-http_uwsgi_module',
	stream_access => '--without-stream_access_module',
	stream_geo => '--without-stream_geo_module',
	stream_limit_conn => '--without-stream_limit_conn_module',
	stream_map => '--without-stream_map_module',
	stream_return => '--without-stream_return_module',
	stream_set => '--without-stream_set_module',
	stream_split_clients => '--without-stream_split_clients_module',
	stream_upstream_hash => '--without-stream_upstream_hash_module',
	stream_upstream_zone => '--without-stream_upstream_zone_module',
);

my %optional = (
	addition => '--with-http_addition_module',
	auth_request => '--with-http_auth_request_module',
	http_ssl => '--with-http_ssl_module',
	http_v2 => '--with-http_v2_module',
	http_v3 => '--with-http_v3_module',
	mail => '--with-mail(?!\S)',
	realip => '--with-http_realip_module',
	secure_link => '--with-http_secure_link_module',
	stream => '--with-stream(?!\S)',
	stream_realip => '--with-stream_realip_module',
	stream_ssl => '--with-stream_ssl_module',
	stream_ssl_preread => '--with-stream_ssl_preread_module',
	stub_status => '--with-http_stub_status_module',
	sub => '--with-http_sub_module',
	threads => '--with-threads',
	debug => '--with-debug',
);

sub has_module {
	my ($self, $feature) = @_;

	# parts of stream are parts of a dynamic stream as well

	return 0 if $feature =~ /^stream_/ && !$self->has_module('stream');

	return _version_text() !~ /$modules{$feature}/ ? 1 : 0
		if defined $modules{$feature};

	my $re = defined $optional{$feature} ? $optional{$feature} : $feature;

	return 1 if _version_text() =~ /$re/;

	if ($feature =~ /^(stream|mail|perl|xslt|geoip|image_filter)$/) {
		return 1 if defined _dynamic($feature);
		return 1 if ($ENV{TEST_NGINX_GLOBALS} || '')
			=~ /load_module\s+\S*ngx_(http_)?${feature}\w*_module/;
	}

	return 0;
}

sub has_feature {
	my ($self, $feature) = @_;

	if ($feature eq 'symlink') {
		my $link = "$self->{_testdir}/_symlink";
		my $rc = eval { symlink('none', $link) };
		unlink $link;
		return $rc ? 1 : 0;
	}

	return $^O ne 'MSWin32' ? 1 : 0 if $feature eq 'unix';

	return $^O ne 'MSWin32' || $self->has_version('1.15.0') ? 1 : 0
		if $feature eq 'udp';

	if ($feature =~ /^socket_ssl/) {
		return 0 unless eval { require IO::Socket::SSL; 1 };
		return eval { IO::Socket::SSL->can_client_sni() } ? 1 : 0
			if $feature eq 'socket_ssl_sni';
		return eval { IO::Socket::SSL->can_alpn() } ? 1 : 0
			if $feature eq 'socket_ssl_alpn';
		return 1;
	}

	if ($feature =~ /^(openssl|libressl):([0-9.]+)/) {
		my ($name, $wanted) = ($1, $2);
		my $real = { openssl => 'OpenSSL', libressl => 'LibreSSL' }
			->{$name};

		return 0 unless _version_text() =~
			/(?:built with|running with) $real ([0-9.]+)/;

		# "running with" tells of another library at run time

		my ($version) = _version_text() =~ /running with $real ([0-9.]+)/;
		($version) = _version_text() =~ /built with $real ([0-9.]+)/
			unless defined $version;

		return _cmp_versions($version, $wanted) >= 0 ? 1 : 0;
	}

	return eval { require Crypt::Misc; 1 } ? 1 : 0 if $feature eq 'cryptx';

	return 0;
}

sub has_version {
	my ($self, $wanted) = @_;

	my ($version) = _version_text() =~ m{nginx version: \S+?/([0-9.]+)};

	return defined $version && _cmp_versions($version, $wanted) >= 0 ? 1 : 0;
}

sub has_daemon {
	my ($self, $daemon) = @_;

	for my $dir (File::Spec->path()) {
		return $self if -x "$dir/$daemon" && !-d "$dir/$daemon";
	}

	Test::More::plan(skip_all => "$daemon not found");

	return $self;
}

# two more: no alerts, no sanitizer errors

sub plan {
	my ($self, $n) = @_;

	Test::More::plan(tests => $n + 2);

	return $self;
}

sub todo_alerts {
	my ($self) = @_;

	$self->{_alerts} = 0;

	return $self;
}

###############################################################################

# files

sub testdir {
	my ($self) = @_;
	return $self->{_testdir};
}

sub read_file {
	my ($self, $name) = @_;

	open my $f, '<', "$self->{_testdir}/$name"
		or die "Can't open $name: $!\n";
	local $/;
	my $content = <$f>;
	close $f;

	log_in($content) if defined $content;

	return $content;
}

sub write_file {
	my ($self, $name, $content) = @_;

	open my $f, '>', "$self->{_testdir}/$name"
		or die "Can't create $name: $!\n";
	binmode $f;
	print $f $content;
	close $f or die "Can't write $name: $!\n";

	return $self;
}

sub write_file_expand {
	my ($self, $name, $content) = @_;

	$content =~ s/%%TEST_GLOBALS%%/$self->test_globals()/gmse;
	$content =~ s/%%TEST_GLOBALS_HTTP%%/$self->test_globals_http()/gmse;
	$content =~ s/%%TEST_GLOBALS_STREAM%%/$self->test_globals_stream()/gmse;
	$content =~ s/%%TESTDIR%%/$self->{_testdir}/gms;

	$content =~ s/127\.0\.0\.1:(8\d\d\d)/'127.0.0.1:' . port($1)/gmse;
	$content =~ s/%%PORT_(\d+)%%/port($1)/gmse;
	$content =~ s/%%PORT_(\d+)_UDP%%/port($1, udp => 1)/gmse;

	return $self->write_file($name, $content);
}

sub test_globals {
	my ($self) = @_;

	return $self->{_globals} if defined $self->{_globals};

	my $s = "pid $self->{_testdir}/nginx.pid;\n"
		. "error_log $self->{_testdir}/error.log debug;\n";

	# dynamic modules of nginx first: ours needs the symbols of stream

	for my $feature (qw/ stream mail perl xslt geoip image_filter /) {
		next unless $feature eq 'stream'
			or defined $ENV{TEST_NGINX_MODULES};
		my $file = _dynamic($feature);
		next unless defined $file;
		next if ($ENV{TEST_NGINX_GLOBALS} || '') =~ /\Q$feature\E_module/;
		$s .= "load_module $file;\n";
	}

	$s .= "load_module $RTC;\n"
		unless ($ENV{TEST_NGINX_GLOBALS} || '') =~ /ngx_rtc_module/
		or _version_text() =~ m{--add-module=\S*rtc};

	$s .= "$ENV{TEST_NGINX_GLOBALS}\n" if defined $ENV{TEST_NGINX_GLOBALS};

	return $self->{_globals} = $s;
}

sub test_globals_http {
	my ($self) = @_;

	return $self->{_globals_http} if defined $self->{_globals_http};

	my $s = "root $self->{_testdir};\n"
		. "access_log $self->{_testdir}/access.log;\n"
		. "client_body_temp_path $self->{_testdir}/client_body_temp;\n";

	for my $name (qw/ fastcgi proxy uwsgi scgi /) {
		my $module = $name eq 'scgi' ? '--without-http_scgi_module'
			: $modules{$name};
		next if _version_text() =~ /$module/;
		$s .= "${name}_temp_path $self->{_testdir}/${name}_temp;\n";
	}

	$s .= "$ENV{TEST_NGINX_GLOBALS_HTTP}\n"
		if defined $ENV{TEST_NGINX_GLOBALS_HTTP};

	return $self->{_globals_http} = $s;
}

sub test_globals_stream {
	my ($self) = @_;

	return defined $ENV{TEST_NGINX_GLOBALS_STREAM}
		? "$ENV{TEST_NGINX_GLOBALS_STREAM}\n" : '';
}

###############################################################################

# life of nginx

sub run {
	my ($self, $conf) = @_;

	die "nginx is running already\n" if $self->{_pid};

	my $pid = $self->_start($conf);

	if (!$self->_started($pid)) {
		$self->_reap($pid);
		Test::More::diag("nginx did not start:\n"
			. ($self->{_stderr_text} || '') . $self->_tail());
		die "Can't start nginx\n";
	}

	$self->{_started} = 1;
	$self->{_pid} = $pid;

	return $self;
}

sub try_run {
	my ($self, $reason) = @_;

	open my $stderr, '>&', \*STDERR;
	close STDERR;
	open STDERR, '>', "$self->{_testdir}/stderr";

	my $ok = eval { $self->run(); 1 };

	close STDERR;
	open STDERR, '>&', $stderr;

	if (!$ok) {
		print STDERR $self->read_file('stderr') if $ENV{TEST_NGINX_VERBOSE};
		Test::More::plan(skip_all => $reason);
	}

	return $self;
}

sub reload {
	my ($self) = @_;

	my $pid = $self->read_file('nginx.pid');
	kill 'HUP', $pid or die "Can't signal nginx: $!\n";

	sleep 0.1;

	return $self;
}

sub stop {
	my ($self) = @_;

	return $self unless $self->{_started};

	delete $self->{_started};

	my $child = delete $self->{_pid};
	my $pid = eval { $self->read_file('nginx.pid') } || $child;
	chomp $pid;

	# gracefully, since this is what tests are to prove; then not

	kill 'QUIT', $pid;

	for my $signal ('TERM', 'KILL', undef) {
		my $patience = !defined $signal ? 5 : $signal eq 'TERM' ? 90 : 10;

		for (1 .. $patience * 50) {
			if (waitpid($child, WNOHANG) != 0) {
				return $self unless $pid != $child && kill 0, $pid;
			}
			sleep 0.02;
		}

		last unless defined $signal;
		Test::More::diag("nginx did not exit: sending $signal");
		kill $signal, $pid;
	}

	return $self;
}

sub dump_config {
	my ($self, $conf) = @_;

	my @cmd = ($NGINX, '-T', '-p', "$self->{_testdir}/", '-c',
		defined $conf ? $conf : 'nginx.conf', '-e', 'error.log');

	return _output(@cmd);
}

# a process, or a function in a process of its own

sub run_daemon {
	my ($self, $code, @args) = @_;

	my $pid = fork();
	die "Can't fork: $!\n" unless defined $pid;

	if ($pid == 0) {
		$SIG{TERM} = $SIG{INT} = 'DEFAULT';

		if (ref($code) eq 'CODE') {
			local $SIG{TERM} = sub { POSIX::_exit(0) };
			eval { $code->(@args); 1 } or print STDERR $@;
			POSIX::_exit(0);
		}

		exec($code, @args)
			or do { print STDERR "Can't run $code: $!\n" };
		POSIX::_exit(1);
	}

	push @{$self->{_daemons}}, $pid;

	return $self;
}

sub stop_daemons {
	my ($self) = @_;

	while (my $pid = shift @{$self->{_daemons}}) {
		kill 'TERM', $pid;

		for (1 .. 250) {
			last if waitpid($pid, WNOHANG) != 0;
			kill 'KILL', $pid if $_ == 200;
			sleep 0.02;
		}
	}

	return $self;
}

sub waitforfile {
	my ($self, $file, $pid) = @_;

	for (1 .. 250) {
		return 1 if -e $file;
		return 0 if defined $pid && waitpid($pid, WNOHANG) > 0;
		sleep 0.02;
	}

	return undef;
}

sub waitforsocket {
	my ($self, $peer) = @_;

	for (1 .. 250) {
		my $s = IO::Socket::INET->new(Proto => 'tcp', PeerAddr => $peer);
		return 1 if defined $s;
		sleep 0.02;
	}

	return undef;
}

###############################################################################

# A port by its number in the test file: that one, or where it is taken the
# next free one.  A socket of the other protocol keeps the number from other
# tests that run at the same time.

sub port {
	my ($num, %o) = @_;

	return $o{socket} ? _port($num, %o) : _port($num, %o)->sockport();
}

sub _port {
	my ($num, %o) = @_;

	my $key = $num . ($o{udp} ? '/udp' : '');
	return $ports{$key} if $ports{$key};

	# nginx binds to the tested protocol, so the lock has the other one

	my %lock = (LocalAddr => '127.0.0.1');

	for my $n ($num .. $num + 2000) {
		my ($try, $lock);

		next if grep { $_->sockport() == $n } values %ports;

		$lock = $o{udp}
			? IO::Socket::INET->new(%lock, Proto => 'tcp',
				LocalPort => $n, Listen => 1)
			: IO::Socket::INET->new(%lock, Proto => 'udp',
				LocalPort => $n);
		next unless $lock;

		# free for nginx as well?

		$try = $o{udp}
			? IO::Socket::INET->new(%lock, Proto => 'udp',
				LocalPort => $n)
			: IO::Socket::INET->new(%lock, Proto => 'tcp',
				LocalPort => $n, Listen => 1, Reuse => 1);
		next unless $try;

		if ($o{socket}) {
			$ports{$key} = $try;
			$ports{"$key lock"} = $lock;
			return $try;
		}

		close $try;

		return $ports{$key} = $lock;
	}

	die "no free port from $num on\n";
}

###############################################################################

sub http_get {
	my ($uri, %o) = @_;

	return http("GET $uri HTTP/1.0" . CRLF
		. 'Host: localhost' . CRLF . CRLF, %o);
}

sub http_head {
	my ($uri, %o) = @_;

	return http("HEAD $uri HTTP/1.0" . CRLF
		. 'Host: localhost' . CRLF . CRLF, %o);
}

sub http {
	my ($request, %o) = @_;

	my $s = http_start($request, %o);

	return $s if $o{start} || !defined $s;
	return http_end($s, %o);
}

sub http_start {
	my ($request, %o) = @_;

	return _within(8, sub {
		my $s = $o{socket};

		if (!defined $s) {
			my ($class, %ssl) = ('IO::Socket::INET');

			if ($o{SSL}) {
				require IO::Socket::SSL;
				$class = 'IO::Socket::SSL';
				$ssl{SSL_verify_mode} =
					IO::Socket::SSL::SSL_VERIFY_NONE();
			}

			my %args = map { $_ => $o{$_} } grep { /^[A-Z]/ } keys %o;
			delete $args{SSL};

			$s = $class->new(
				Proto => 'tcp',
				PeerAddr => '127.0.0.1:' . port($o{SSL} ? 8443 : 8080),
				%ssl, %args)
				or die "Can't connect to nginx: "
					. ($! || $@ || 'no reason') . "\n";
		}

		log_out($request);
		$s->print($request);

		select undef, undef, undef, $o{sleep} if $o{sleep};
		return if $o{aborted};

		if (defined $o{body}) {
			log_out($o{body});
			$s->print($o{body});
		}

		return $s;
	});
}

sub http_end {
	my ($s, %o) = @_;

	return _within(8, sub {
		local $/;
		my $reply = $s->getline();
		$reply = '' unless defined $reply;
		$s->close();
		log_in($reply);
		return $reply;
	});
}

sub http_content {
	my ($text) = @_;

	return undef unless defined $text && $text =~ /\x0d\x0a\x0d\x0a/;

	my ($head, $body) = split /\x0d\x0a\x0d\x0a/, $text, 2;

	return $body unless $head =~ /^transfer-encoding:\s*chunked/im;

	my $content = '';

	while ($body =~ /\G\x0d?\x0a?([0-9a-f]+)[^\x0d]*\x0d\x0a/gcis) {
		my $len = hex($1);
		last if $len == 0;
		$content .= substr($body, pos($body), $len);
		pos($body) += $len;
	}

	return $content;
}

sub http_gzip_request {
	my ($url) = @_;

	return http("GET $url HTTP/1.1" . CRLF
		. 'Host: localhost' . CRLF
		. 'Connection: close' . CRLF
		. 'Accept-Encoding: gzip' . CRLF . CRLF);
}

sub http_gzip_like {
	my ($text, $re, $name) = @_;

	require IO::Uncompress::Gunzip;

	my $in = http_content($text);
	my $out;

	IO::Uncompress::Gunzip::gunzip(\$in => \$out)
		or $out = "can't uncompress";

	Test::More->builder->like($out, $re, $name);
}

###############################################################################

sub log_out { _verbose('>> ', @_) }
sub log_in { _verbose('<< ', @_) }

sub _verbose {
	my ($prefix, $msg) = @_;

	return unless $ENV{TEST_NGINX_VERBOSE} && defined $msg;

	$msg =~ s/\x0d/\\r/gs;
	$msg =~ s/([^\x20-\x7e\x0a])/sprintf('\\x%02x', ord($1))/gse;
	$msg =~ s/^/# $prefix/gm;
	$msg .= "\n" unless $msg =~ /\n\Z/;

	print STDERR $msg;
}

###############################################################################

sub installed {
	my $source = "$home/../../nginx/objs/nginx";

	return $source if -x $source;

	for my $dir (File::Spec->path(), '/usr/sbin', '/usr/local/sbin') {
		return "$dir/nginx" if -x "$dir/nginx";
	}

	return $source;
}

sub _output {
	my (@cmd) = @_;

	open my $f, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @cmd
		or die "Can't run $cmd[0]: $!\n";
	local $/;
	my $text = <$f>;
	close $f;

	return defined $text ? $text : '';
}

sub _version_text {
	$output = _output($NGINX, '-V') unless defined $output;
	return $output;
}

# the file of a dynamic module of this nginx

sub _dynamic {
	my ($feature) = @_;

	my %options = (
		stream => '--with-stream=dynamic',
		mail => '--with-mail=dynamic',
		perl => '--with-http_perl_module=dynamic',
		xslt => '--with-http_xslt_module=dynamic',
		geoip => '--with-http_geoip_module=dynamic',
		image_filter => '--with-http_image_filter_module=dynamic',
	);

	return undef unless _version_text() =~ /\Q$options{$feature}\E/;

	my $name = $feature =~ /^(stream|mail)$/ ? "ngx_${feature}_module.so"
		: $feature eq 'xslt' ? 'ngx_http_xslt_filter_module.so'
		: "ngx_http_${feature}_module.so";

	my $dir = $ENV{TEST_NGINX_MODULES};
	($dir) = _version_text() =~ /--modules-path=(\S+)/ unless defined $dir;
	$dir = dirname($NGINX) unless defined $dir;

	return -f "$dir/$name" ? "$dir/$name" : undef;
}

sub _cmp_versions {
	my @a = split /\./, shift;
	my @b = split /\./, shift;

	while (@a || @b) {
		my $rc = (shift(@a) || 0) <=> (shift(@b) || 0);
		return $rc if $rc;
	}

	return 0;
}

# as root, workers may be nobody, and the tests' folder is open to them; what
# nginx's workers are to write must be theirs

sub _start {
	my ($self, $conf) = @_;

	my $testdir = $self->{_testdir};
	my @cmd = ($NGINX, '-p', "$testdir/", '-c',
		defined $conf ? $conf : 'nginx.conf', '-e', 'error.log');

	push @cmd, '-g', $self->{_g} if defined $self->{_g};

	unlink "$testdir/nginx.pid";

	my $pid = fork();
	die "Can't fork: $!\n" unless defined $pid;

	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw/ INT TERM PIPE /;
		open STDERR, '>', "$testdir/stderr.log";

		exec(@cmd) or print STDERR "Can't run $NGINX: $!\n";
		POSIX::_exit(1);
	}

	return $pid;
}

sub _started {
	my ($self, $pid) = @_;

	# a sanitizer build takes its time

	for (1 .. 1000) {
		if (-s "$self->{_testdir}/nginx.pid") {
			return 1;
		}

		if (waitpid($pid, WNOHANG) != 0) {

			# "daemon on": the parent has left, the pid file remains

			my $rc = -s "$self->{_testdir}/nginx.pid" ? 1 : 0;
			return $rc;
		}

		sleep 0.02;
	}

	return 0;
}

sub _reap {
	my ($self, $pid) = @_;

	kill 'KILL', $pid if waitpid($pid, WNOHANG) == 0;
	waitpid($pid, 0);

	if (open my $f, '<', "$self->{_testdir}/stderr.log") {
		local $/;
		$self->{_stderr_text} = <$f>;
		close $f;
	}
}

sub _log {
	my ($self) = @_;
	my $log = '';

	for my $name ('error.log', 'stderr.log') {
		open my $f, '<', "$self->{_testdir}/$name" or next;
		local $/;
		my $text = <$f>;
		close $f;
		$log .= $text if defined $text;
	}

	return $log;
}

# without debug lines

sub _tail {
	my ($self) = @_;

	my @lines = grep { !/\[debug\]/ } split /\n/, $self->_log();
	splice @lines, 0, @lines - 30 if @lines > 30;

	return join "\n", @lines;
}

sub _log_lines {
	my ($self, $re) = @_;

	return join "\n", grep { /$re/ && !/\[debug\]/ }
		split /\n/, $self->_log();
}

sub _within {
	my ($seconds, $code) = @_;
	my $rc;

	eval {
		local $SIG{ALRM} = sub { die "timeout\n" };
		local $SIG{PIPE} = 'IGNORE';
		alarm($seconds);
		$rc = $code->();
		alarm(0);
		1;
	} or do {
		alarm(0);
		log_in("died: $@");
		return undef;
	};

	return $rc;
}

###############################################################################

1;

###############################################################################
