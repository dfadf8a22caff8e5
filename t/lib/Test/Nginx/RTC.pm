package Test::Nginx::RTC;

# Copyright (C) nginx-rtc-module authors

# Members of a room that publish and receive synthetic media through the SFU,
# on the scripted peer t/lib/peer/rtc_peer.c (built to build/rtc_peer).
#
#	my $rtc = Test::Nginx::RTC->new();
#	my $alice = $rtc->join('/rtc', { roomId => 'r', mode => 'sfu' });
#	my $bob = $rtc->join('/rtc', { roomId => 'r', mode => 'sfu' });
#	$alice->publish(audio => 1, video => { drop => 10 });
#	ok($rtc->wait(sub { $bob->received('video') > 100 }), 'video flows');

###############################################################################

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ status /;

###############################################################################

use Cwd qw/ abs_path /;
use File::Basename qw/ dirname /;
use IO::Handle;
use IO::Select;
use IPC::Open2;
use JSON::PP;
use Time::HiRes qw/ time /;

use Test::Nginx qw/ :DEFAULT http_content /;
use Test::Nginx::RTC::Signal;

###############################################################################

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

my $ext = {
	mid => 'urn:ietf:params:rtp-hdrext:sdes:mid',
	rid => 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
	twcc => 'http://www.ietf.org/id/'
		. 'draft-holmer-rmcat-transport-wide-cc-extensions-01',
	level => 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
};

# what a location "/status" with rtc_status tells

sub status {
	return $json->decode(http_content(http_get('/status?format=json')));
}

# the program, or undef where it was not built

sub binary {
	return $ENV{TEST_RTC_PEER} if defined $ENV{TEST_RTC_PEER};

	my $lib = dirname(abs_path(__FILE__));

	for my $dir ("$lib/../../../../build", "$lib/../../../build") {
		return abs_path("$dir/rtc_peer") if -x "$dir/rtc_peer";
	}

	return undef;
}

sub new {
	my ($class, %o) = @_;

	my $binary = binary() or die "no rtc_peer: run \"make rtc-peer\"\n";

	my ($out, $in);
	my $pid = open2($out, $in, $binary, defined $o{seed} ? $o{seed} : 1);

	$in->autoflush(1);
	$out->blocking(0);

	return bless {
		_pid => $pid,
		_in => $in,
		_out => $out,
		_select => IO::Select->new($out),
		_buf => '',
		_next => 1,
		_clients => [],
		_peers => {},
	}, $class;
}

# a client that has joined; its answer and state as of Signal.pm

sub join {
	my ($self, $path, $data, %o) = @_;

	my $signal = Test::Nginx::RTC::Signal->join_room($path, $data, %o);

	my $client = bless {
		_rtc => $self,
		_signal => $signal,
		_bind => $o{bind} || '127.0.0.1',
		_address => $o{address},
		_recv => { nack => JSON::PP::true, %{$o{receive} || {}} },
		_setup => $o{setup} || 'active',
		_profiles => $o{profiles},
		_stall => $o{stall},
		_subs => {},
		_pcs => {},
		_offers => 0,
	}, 'Test::Nginx::RTC::Client';

	push @{$self->{_clients}}, $client;

	return $client;
}

# Serves all clients until the condition holds; 0 when it didn't in time.

sub wait {
	my ($self, $cond, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : 8);

	while (1) {
		$self->pump();

		return 1 if $cond->();
		return 0 if time() > $end;

		# events of any kind wake us; statistics are polled

		my $select = IO::Select->new($self->{_out},
			map { $_->signal()->ws()->{_socket} || () }
			@{$self->{_clients}});
		$select->can_read(0.05);
	}
}

sub pump {
	my ($self) = @_;

	$self->_read(0);
	$_->_serve() for @{$self->{_clients}};
}

# a command for the peer program, and its answer

sub command {
	my ($self, $cmd, $id, %o) = @_;

	$self->{_in}->print($json->encode({ cmd => $cmd, id => $id, %o })
		. "\n");

	my $want = $cmd eq 'create' ? 'created' : $cmd eq 'stats' ? 'stats' : 'ok';
	my $end = time() + 8;

	while (time() < $end) {
		my @queue = @{$self->{_queue} || []};
		$self->{_queue} = [];

		while (my $e = shift @queue) {
			if ($e->{id} == $id && ($e->{ev} eq $want
				|| $e->{ev} eq 'error'))
			{
				push @{$self->{_queue}}, @queue;
				die "rtc_peer: $e->{why}\n"
					if $e->{ev} eq 'error';
				return $e;
			}

			push @{$self->{_queue}}, $e;
		}

		$self->_read($end - time());
	}

	die "rtc_peer doesn't answer \"$cmd\"\n";
}

# states of a peer: {ice, connected, failed, closed, profile}

sub peer {
	my ($self, $id) = @_;
	return $self->{_peers}{$id} ||= {};
}

sub _read {
	my ($self, $timeout) = @_;

	return unless $self->{_select}->can_read($timeout > 0 ? $timeout : 0);

	my $n = sysread($self->{_out}, $self->{_buf}, 65536,
		length $self->{_buf});

	die "rtc_peer is gone\n" if defined $n && $n == 0;

	while ($self->{_buf} =~ s/^(.*)\n//) {
		my $e = $json->decode($1);
		my $ev = $e->{ev};

		if ($ev =~ /^(ice|connected|failed|closed)$/) {
			my $p = $self->peer($e->{id});
			$p->{$ev}++;
			$p->{profile} = $e->{profile} if $e->{profile};
			$p->{why} = $e->{why} if $e->{why};
			next;
		}

		push @{$self->{_queue}}, $e;
	}
}

sub DESTROY {
	my ($self) = @_;
	local $?;

	return unless $self->{_pid};

	close $self->{_in};
	waitpid($self->{_pid}, 0);
}

###############################################################################

# what of an SDP a peer needs

sub parse_sdp {
	my ($sdp) = @_;
	my $s = { media => [], candidates => [] };
	my $m;

	for (split /\r?\n/, $sdp) {
		if (/^m=(\w+) (\d+) (\S+) (.*)$/) {
			$m = { kind => $1, port => $2, pts => [ split / /, $4 ],
				ext => {}, rtpmap => {}, apt => {}, ssrc => [],
				fb => {}, lines => [] };
			push @{$s->{media}}, $m;
			next;
		}

		push @{$m->{lines}}, $_ if $m;

		if (/^a=ice-ufrag:(\S+)/) {
			$s->{ufrag} = $1;

		} elsif (/^a=ice-pwd:(\S+)/) {
			$s->{pwd} = $1;

		} elsif (/^a=ice-lite/) {
			$s->{lite} = 1;

		} elsif (/^a=fingerprint:sha-256 (\S+)/i) {
			$s->{fingerprint} = $1;

		} elsif (/^a=setup:(\w+)/) {
			$s->{setup} = $1;

		} elsif (/^a=candidate:\S+ 1 udp (\d+) (\S+) (\d+) typ host/i) {
			push @{$s->{candidates}},
				{ priority => $1, ip => $2, port => $3 };

		} elsif (/^a=group:BUNDLE (.*)/) {
			$s->{bundle} = [ split / /, $1 ];

		} elsif (!$m) {
			next;

		} elsif (/^a=mid:(\S+)/) {
			$m->{mid} = $1;

		} elsif (/^a=(sendrecv|sendonly|recvonly|inactive)$/) {
			$m->{direction} = $1;

		} elsif (/^a=extmap:(\d+)\S* (\S+)/) {
			$m->{ext}{$2} = $1;

		} elsif (/^a=rtpmap:(\d+) (\S+)/) {
			$m->{rtpmap}{$1} = $2;

		} elsif (/^a=fmtp:(\d+) apt=(\d+)/) {
			$m->{apt}{$2} = $1;

		} elsif (/^a=rtcp-fb:(\d+) (.*)/) {
			$m->{fb}{$1}{$2} = 1;

		} elsif (/^a=ssrc-group:FID (\d+) (\d+)/) {
			$m->{fid} = [ $1, $2 ];

		} elsif (/^a=ssrc:(\d+)/) {
			push @{$m->{ssrc}}, $1
				unless grep { $_ == $1 } @{$m->{ssrc}};

		} elsif (/^a=msid:(\S+) (\S+)/) {
			$m->{msid} = [ $1, $2 ];
		}
	}

	return $s;
}

###############################################################################

package Test::Nginx::RTC::Client;

use warnings;
use strict;

use Test::Nginx;

my $ssrc = 1000;

sub signal { return $_[0]->{_signal}; }
sub joined { return $_[0]->{_signal}->joined(); }
sub user { return $_[0]->joined()->{data}{self}{userId}; }

# the last transport of a direction: {id, peer, transport, sdp}
sub pc {
	my ($self, $direction) = @_;
	return $self->{_pcs}{$direction};
}

# Publishes: audio => 1 or { options of the peer's send }, video likewise;
# tracks that are there already stay.  Dies when the server refuses; returns
# once media flows (connected), or at once with wait => 0.

sub publish {
	my ($self, %o) = @_;
	my $rtc = $self->{_rtc};

	my $pc = $self->{_pcs}{send} ||= {
		peer => $self->_create(), sections => [], direction => 'send' };

	for my $kind (qw/ audio video screen /) {
		next unless $o{$kind};

		my $s = ref $o{$kind} ? { %{$o{$kind}} } : {};

		$s->{source} ||= { audio => 'microphone', video => 'camera',
			screen => 'screen' }->{$kind};
		$s->{kind} = $kind eq 'audio' ? 'audio' : 'video';
		$s->{mid} = scalar @{$pc->{sections}};
		$s->{ssrc} = ++$ssrc;
		$s->{rtx_ssrc} = ++$ssrc if $s->{kind} eq 'video';

		push @{$pc->{sections}}, $s;
	}

	$self->_offer($pc);

	return $self if defined $o{wait} && !$o{wait};

	$rtc->wait(sub { $rtc->peer($pc->{peer}{id})->{connected}
		|| $rtc->peer($pc->{peer}{id})->{failed} })
		or die "no connection\n";

	die 'failed: ' . $rtc->peer($pc->{peer}{id})->{why} . "\n"
		if $rtc->peer($pc->{peer}{id})->{failed};

	return $self;
}

# an m-line of the last offer becomes inactive

sub unpublish {
	my ($self, $mid) = @_;
	my $pc = $self->{_pcs}{send};
	my $s = $pc->{sections}[$mid];

	$s->{inactive} = 1;
	$self->{_rtc}->command('stop', $pc->{peer}{id}, ssrc => $s->{ssrc});
	$self->_offer($pc);
}

sub _create {
	my ($self) = @_;
	my $id = $self->{_rtc}{_next}++;

	return $self->{_rtc}->command('create', $id, bind => $self->{_bind});
}

sub _offer {
	my ($self, $pc) = @_;
	my $signal = $self->{_signal};

	my $sdp = $self->offer_sdp($pc);
	my %tracks = map { $_->{mid} => $_->{source} }
		grep { !$_->{inactive} } @{$pc->{sections}};

	my $answer = $signal->request('webrtc-offer', {
		targetUserId => 'sfu',
		offer => { type => 'offer', sdp => $sdp },
		tracks => \%tracks,
		$pc->{transport} ? (transportId => $pc->{transport}) : (),
	});

	die "offer: $answer->{error}{code}: $answer->{error}{message}\n"
		if $answer->{error};

	my $e = $signal->wait_event('webrtc-answer', 8,
		sub { $_[0]{fromUserId} eq 'sfu' })
		or die "no answer to the offer\n";

	my $a = Test::Nginx::RTC::parse_sdp($e->{answer}{sdp});

	$pc->{transport} = $e->{transportId};
	$pc->{tracks} = $e->{tracks};
	$pc->{answer} = $a;
	$pc->{sdp} = $e->{answer}{sdp};

	$self->_connect($pc, $a);

	for my $i (0 .. $#{$pc->{sections}}) {
		my $s = $pc->{sections}[$i];
		my $m = $a->{media}[$i];

		next if $s->{inactive} || $m->{port} == 0
			|| $m->{direction} eq 'inactive';
		next if $s->{sending}++;

		my $pt = $m->{pts}[0];

		$self->{_rtc}->command('send', $pc->{peer}{id}, %$s, pt => int($pt),
			rtx_pt => int($m->{apt}{$pt} || 0),
			mid => "$s->{mid}",
			ext => {
				map { $_ => int($m->{ext}{$ext->{$_}} || 0) }
				keys %$ext
			});
	}
}

sub offer_sdp {
	my ($self, $pc) = @_;
	my $p = $pc->{peer};
	my @sections = @{$pc->{sections}};

	my $sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
		. 'a=group:BUNDLE '
		. CORE::join(' ', map { $_->{mid} } @sections) . "\r\n";

	for my $s (@sections) {
		my $video = $s->{kind} eq 'video';

		$sdp .= "m=$s->{kind} 9 UDP/TLS/RTP/SAVPF "
			. ($video ? '96 97' : '111') . "\r\n"
			. "c=IN IP4 0.0.0.0\r\n"
			. "a=ice-ufrag:$p->{ufrag}\r\na=ice-pwd:$p->{pwd}\r\n"
			. "a=fingerprint:sha-256 $p->{fingerprint}\r\n"
			. 'a=setup:' . ($self->{_setup} eq 'active'
				? 'actpass' : $self->{_setup}) . "\r\n"
			. "a=mid:$s->{mid}\r\n"
			. "a=extmap:3 $ext->{mid}\r\na=extmap:5 $ext->{twcc}\r\n"
			. ($video ? '' : "a=extmap:2 $ext->{level}\r\n")
			. 'a=' . ($s->{inactive} ? 'inactive' : 'sendonly') . "\r\n"
			. "a=rtcp-mux\r\na=rtcp-rsize\r\n";

		$sdp .= $video
			? "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 transport-cc\r\n"
			. "a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\n"
			. "a=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\n"
			. "a=fmtp:97 apt=96\r\n"
			. "a=ssrc-group:FID $s->{ssrc} $s->{rtx_ssrc}\r\n"
			. "a=ssrc:$s->{ssrc} cname:peer\r\n"
			. "a=ssrc:$s->{rtx_ssrc} cname:peer\r\n"
			: "a=rtpmap:111 opus/48000/2\r\n"
			. "a=rtcp-fb:111 transport-cc\r\n"
			. "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
			. "a=ssrc:$s->{ssrc} cname:peer\r\n";
	}

	return $sdp;
}

sub _connect {
	my ($self, $pc, $sdp) = @_;

	return if $pc->{connecting} && $pc->{connecting} eq $sdp->{ufrag};

	my ($c) = grep { !defined $self->{_address}
		|| $_->{ip} eq $self->{_address} } @{$sdp->{candidates}};
	die "no candidate\n" unless $c;

	$pc->{candidate} = $c;

	my %remote = (ufrag => $sdp->{ufrag}, pwd => $sdp->{pwd},
		ip => $c->{ip}, port => int($c->{port}),
		fingerprint => $sdp->{fingerprint});

	if ($pc->{connecting}) {
		$self->{_rtc}->command('restart', $pc->{peer}{id},
			ufrag => $pc->{peer}{ufrag}, pwd => $pc->{peer}{pwd},
			remote => \%remote);

	} else {
		$self->{_rtc}->command('connect', $pc->{peer}{id},
			remote => \%remote, role => 'controlling',
			setup => $sdp->{setup} eq 'active' ? 'passive'
				: $sdp->{setup} eq 'passive' ? 'active'
				: $self->{_setup},
			$self->{_stall} ? (stall => 1) : (),
			$self->{_profiles}
				? (profiles => $self->{_profiles}) : ());
	}

	$pc->{connecting} = $sdp->{ufrag};
}

# the server's offers on the recv transport, and new transports

sub _serve {
	my ($self) = @_;
	my $signal = $self->{_signal};

	return if $self->{_ignore_offers};

	while (my $e = $signal->wait_event('webrtc-offer', 0,
		sub { $_[0]{fromUserId} eq 'sfu' }))
	{
		$self->answer($e);
	}
}

sub ignore_offers {
	my ($self, $ignore) = @_;
	$self->{_ignore_offers} = $ignore;
}

sub answer {
	my ($self, $e) = @_;

	my $o = Test::Nginx::RTC::parse_sdp($e->{offer}{sdp});
	my $pc = $self->{_pcs}{recv};

	if (!$pc || $pc->{transport} ne $e->{transportId}) {
		push @{$self->{_old}}, $pc if $pc;
		$pc = $self->{_pcs}{recv} = { peer => $self->_create(),
			transport => $e->{transportId}, direction => 'recv' };
	}

	$self->{_offers}++;
	$pc->{offer} = $o;
	$pc->{sdp} = $e->{offer}{sdp};
	$pc->{tracks} = $e->{tracks};

	my $p = $pc->{peer};
	my $sdp = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
		. 'a=group:BUNDLE ' . CORE::join(' ', map { $_->{mid} }
			grep { $_->{port} } @{$o->{media}}) . "\r\n";
	my (@rtx, $mid_ext, $twcc_ext);

	for my $m (@{$o->{media}}) {
		my ($pt) = grep { $m->{rtpmap}{$_}
			&& $m->{rtpmap}{$_} =~ /^(opus|VP8)\//i } @{$m->{pts}};
		my $off = $m->{port} == 0 || !defined $pt;
		my @pts = $off ? ($m->{pts}[0]) : ($pt, $m->{apt}{$pt} || ());

		$sdp .= "m=$m->{kind} " . ($off ? 0 : 9)
			. ' UDP/TLS/RTP/SAVPF ' . CORE::join(' ', @pts) . "\r\n"
			. "c=IN IP4 0.0.0.0\r\n"
			. "a=ice-ufrag:$p->{ufrag}\r\na=ice-pwd:$p->{pwd}\r\n"
			. "a=fingerprint:sha-256 $p->{fingerprint}\r\n"
			. "a=setup:$self->{_setup}\r\na=mid:$m->{mid}\r\n"
			. 'a=' . ($off || $m->{direction} eq 'inactive'
				? 'inactive' : 'recvonly') . "\r\n"
			. "a=rtcp-mux\r\na=rtcp-rsize\r\n";

		for my $name (qw/ mid twcc /) {
			my $id = $m->{ext}{$ext->{$name}} or next;

			$sdp .= "a=extmap:$id $ext->{$name}\r\n";
			$mid_ext = $id if $name eq 'mid';
			$twcc_ext = $id if $name eq 'twcc';
		}

		next if $off;

		for my $n (@pts) {
			$sdp .= "a=rtpmap:$n $m->{rtpmap}{$n}\r\n";
			$sdp .= "a=rtcp-fb:$n $_\r\n" for sort keys %{$m->{fb}{$n}};
		}

		$sdp .= "a=fmtp:$pts[1] apt=$pt\r\n" if @pts > 1;

		push @rtx, [ map { int } reverse @{$m->{fid}} ] if $m->{fid};

		my $t = $e->{tracks}{$m->{mid}} or next;

		$self->{_subs}{$m->{ssrc}[0]} = { %$t, mid => $m->{mid} }
			if @{$m->{ssrc}};
	}

	$self->{_rtc}->command('receive', $p->{id}, %{$self->{_recv}},
		mid_ext => int($mid_ext || 0), twcc_ext => int($twcc_ext || 0),
		rtx => \@rtx);

	$self->{_signal}->notify('webrtc-answer', {
		targetUserId => 'sfu',
		transportId => $e->{transportId},
		negotiation => $e->{negotiation},
		answer => { type => 'answer', sdp => $sdp },
	});

	$self->_connect($pc, $o);
}

# options of the receiving side: nack, drop (percent), mute

sub receive {
	my ($self, %o) = @_;
	$self->{_recv} = { %{$self->{_recv}}, %o };
}

sub stats {
	my ($self, $direction, %o) = @_;
	my $pc = $self->{_pcs}{$direction} or return undef;

	return $self->{_rtc}->command('stats', $pc->{peer}{id}, %o);
}

# received streams with what the server said of them, of one kind or source
# and one user if given: [{ssrc, packets, ..., track => {...}}]

sub streams {
	my ($self, $what, $user) = @_;
	my $st = $self->stats('recv') or return ();
	my @streams;

	for my $s (@{$st->{streams}}) {
		my $t = $self->{_subs}{$s->{ssrc}} or next;

		next if defined $what && $t->{kind} ne $what
			&& $t->{source} ne $what;
		next if defined $user && $t->{userId} ne $user;

		push @streams, { %$s, track => $t };
	}

	return @streams;
}

sub received {
	my ($self, $what, $user) = @_;
	my $n = 0;

	$n += $_->{packets} for $self->streams($what, $user);

	return $n;
}

sub leave {
	my ($self) = @_;

	$self->{_signal}->request('leave-room', {});
	$self->drop();
}

# forgets the client: its peers are closed, its socket stays as it is

sub drop {
	my ($self) = @_;
	my $rtc = $self->{_rtc};

	for my $pc (values %{$self->{_pcs}}, @{$self->{_old} || []}) {
		$rtc->command('close', $pc->{peer}{id});
	}

	$self->{_pcs} = {};
	$self->{_old} = [];
	$rtc->{_clients} = [ grep { $_ != $self } @{$rtc->{_clients}} ];
}

###############################################################################

1;

###############################################################################

# Commands of rtc_peer; "id" names the peer:
#
#	create  bind
#	connect remote {ufrag, pwd, ip, port, fingerprint}, role, setup,
#	        profiles, nominate, stall
#	send    kind, ssrc, rtx_ssrc, pt, rtx_pt, fps, burst, size, key_every,
#	        drop, mid, rid, ext {mid, rid, twcc, level}, seq
#	receive nack, drop, mute, mid_ext, twcc_ext, rtx [[rtx ssrc, ssrc]]
#	stop, resume (ssrc), pli (ssrc), stats (reset), raw (hex), silence
#	move    bind: a new socket, as by a new network
#	restart remote, ufrag, pwd: new ICE credentials
#	close, quit
#
# Events: created, ok, error, stats, ice, connected, failed, closed.

###############################################################################
