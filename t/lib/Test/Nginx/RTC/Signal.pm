package Test::Nginx::RTC::Signal;

# Copyright (C) nginx-rtc-module authors

# A client of the signaling over plain WebSocket: requests with their
# answers, and events in their order.
#
#	my $alice = Test::Nginx::RTC::Signal->connect('/rtc');
#	my $answer = $alice->request('join-room', { roomId => 'r' });
#	my $state = $alice->wait_event('room-state');

###############################################################################

use warnings;
use strict;

use JSON::PP;
use Time::HiRes qw/ time /;

use Test::Nginx;
use Test::Nginx::WebSocket;

###############################################################################

my $json = JSON::PP->new->utf8->allow_nonref->canonical;

# options as of Test::Nginx::WebSocket; dies where the handshake fails

sub connect {
	my ($class, $path, %o) = @_;

	my $timeout = defined $o{timeout} ? $o{timeout} : 8;

	my $ws = Test::Nginx::WebSocket->connect(
		defined $path ? $path : '/rtc', subprotocol => 'rtc.json', %o);

	die 'no websocket: ' . ($ws->status() || 'no answer') . "\n"
		unless $ws->connected();

	return bless {
		_ws => $ws,
		_id => 0,
		_events => [],
		_answers => {},
		_log => [],
		_timeout => $timeout,
	}, $class;
}

# a member of a room: connects and joins; the answer is in joined()

sub join_room {
	my ($class, $path, $data, %o) = @_;

	my $self = $class->connect($path, %o);

	$self->{_joined} = $self->request('join-room', $data);
	$self->{_state} = $self->wait_event('room-state')
		if $self->{_joined}{data};

	return $self;
}

sub joined {
	my ($self) = @_;
	return $self->{_joined};
}

sub state {
	my ($self) = @_;
	return $self->{_state};
}

sub ws {
	my ($self) = @_;
	return $self->{_ws};
}

###############################################################################

# {data} or {error => {code, message}}; {timeout => 1} without an answer, and
# {closed => code} at the end of the connection

sub request {
	my ($self, $event, $data, %o) = @_;

	return $self->wait_answer($self->post($event, $data), $o{timeout});
}

# the data of a good answer, else undef

sub call {
	my ($self, $event, $data, %o) = @_;

	my $answer = $self->request($event, $data, %o);

	log_in("$event failed: " . $json->encode($answer))
		unless $answer->{data};

	return $answer->{data};
}

# the error's code, or '' for a good answer

sub refused {
	my ($self, $event, $data, %o) = @_;

	my $answer = $self->request($event, $data, %o);

	return $answer->{error} ? $answer->{error}{code}
		: $answer->{data} ? '' : 'no answer';
}

# sends a request and returns its id

sub post {
	my ($self, $event, $data) = @_;
	my $id = ++$self->{_id};

	$self->{_ws}->send_text($json->encode({
		event => $event,
		defined $data ? (data => $data) : (),
		id => $id,
	}));

	return $id;
}

# without an id: there is no answer

sub notify {
	my ($self, $event, $data) = @_;

	$self->{_ws}->send_text($json->encode({
		event => $event,
		defined $data ? (data => $data) : (),
	}));
}

sub wait_answer {
	my ($self, $id, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});

	while (!exists $self->{_answers}{$id}) {
		next if $self->_read($end - time());

		return { closed => $self->{_ws}->closed()->{code} }
			if $self->{_ws}->closed();
		return { timeout => 1 };
	}

	return delete $self->{_answers}{$id};
}

# the data of the next event of that name, and if there is a function, that it
# is true for; others stay in their order for later calls

sub wait_event {
	my ($self, $name, $timeout, $match) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});
	my $n = 0;

	while (1) {
		for (; $n < @{$self->{_events}}; $n++) {
			my $e = $self->{_events}[$n];

			next if $e->{event} ne $name;
			next if $match && !$match->($e->{data});

			splice @{$self->{_events}}, $n, 1;
			return $e->{data};
		}

		return undef unless $self->_read($end - time());
	}
}

# Events that have come and weren't waited for, [{event, data}, ...], which
# are forgotten.  A ping makes sure that what was sent earlier is here.

sub events {
	my ($self, %o) = @_;

	$self->request('ping') unless $o{now};

	while ($self->_read(0)) {
		# all that is here
	}

	my $events = $self->{_events};
	$self->{_events} = [];

	return $events;
}

# the names of all messages in the order of arrival, "answer" for answers

sub history {
	my ($self) = @_;
	return @{$self->{_log}};
}

sub close {
	my ($self, $code) = @_;
	return $self->{_ws}->close(defined $code ? $code : 1000);
}

sub wait_close {
	my ($self, $timeout) = @_;

	while (!$self->{_ws}->closed()) {
		last unless $self->_read(defined $timeout ? $timeout
			: $self->{_timeout});
	}

	return $self->{_ws}->wait_close($timeout);
}

# what the server has broken of RFC 6455 or of our messages' form

sub errors {
	my ($self) = @_;
	return ($self->{_ws}->errors(), @{$self->{_errors} || []});
}

###############################################################################

sub _read {
	my ($self, $timeout) = @_;

	my $text = $self->{_ws}->read($timeout > 0 ? $timeout : 0);
	return 0 unless defined $text;

	my $m = eval { $json->decode($text) };

	if (ref $m ne 'HASH') {
		push @{$self->{_errors}}, "not an object: $text";
		return 1;
	}

	if (defined $m->{event}) {
		push @{$self->{_events}}, $m;
		push @{$self->{_log}}, $m->{event};
		return 1;
	}

	if (!defined $m->{id} || !(exists $m->{data} xor exists $m->{error})) {
		push @{$self->{_errors}}, "neither event nor answer: $text";
		return 1;
	}

	push @{$self->{_errors}}, "answered twice: $m->{id}"
		if $self->{_answered}{$m->{id}}++;

	push @{$self->{_log}}, 'answer';
	$self->{_answers}{$m->{id}} = $m;

	return 1;
}

###############################################################################

1;

###############################################################################
