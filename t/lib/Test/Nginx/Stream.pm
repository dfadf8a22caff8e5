package Test::Nginx::Stream;

# Copyright (C) nginx-rtc-module authors

# Clients of stream servers: a TCP or UDP socket that reads with a deadline.
# The interface is that of nginx's own test library.

###############################################################################

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT_OK = qw/ stream dgram /;

###############################################################################

use IO::Select;
use IO::Socket;
use Time::HiRes qw/ time /;

use Test::Nginx;

###############################################################################

sub stream {
	return Test::Nginx::Stream->new(@_);
}

# a message a datagram

sub dgram {
	unshift @_, 'PeerAddr' if @_ == 1;

	return Test::Nginx::Stream->new(Proto => 'udp', @_);
}

sub new {
	my $class = shift;

	unshift @_, 'PeerAddr' if @_ == 1;
	my %o = @_;

	my $ssl = delete $o{SSL};
	my $io = $ssl ? 'IO::Socket::SSL' : 'IO::Socket::INET';

	if ($ssl) {
		require IO::Socket::SSL;
		$o{SSL_verify_mode} = IO::Socket::SSL::SSL_VERIFY_NONE()
			unless defined $o{SSL_verify_mode};
	}

	if (defined $o{PeerAddr} && $o{PeerAddr} =~ /^\[/) {
		require IO::Socket::IP;
		$io = 'IO::Socket::IP' unless $ssl;
	}

	$o{PeerAddr} = '127.0.0.1:' . port(8080)
		unless defined $o{PeerAddr} || defined $o{PeerPort};

	my $socket = eval {
		local $SIG{ALRM} = sub { die "timeout\n" };
		local $SIG{PIPE} = 'IGNORE';
		alarm(8);
		my $s = $io->new(Proto => 'tcp', %o)
			or die "Can't connect: " . ($! || $@) . "\n";
		alarm(0);
		return $s;
	};
	alarm(0);

	if (!defined $socket) {
		log_in("died: $@");
		die $@;
	}

	$socket->autoflush(1);

	return bless { _socket => $socket, _udp => ($o{Proto} || '') eq 'udp' },
		$class;
}

sub write {
	my ($self, $message, %o) = @_;
	my $s = $self->{_socket};

	local $SIG{PIPE} = 'IGNORE';

	$message = '' unless defined $message;

	if ($self->{_udp}) {
		log_out($message);
		return $s->send($message);
	}

	my $end = time() + (defined $o{write_timeout} ? $o{write_timeout} : 8);

	$s->blocking(0);

	while (length $message) {
		my $left = $end - time();
		last if $left <= 0
			or !IO::Select->new($s)->can_write($left);

		my $n = $s->syswrite($message);
		next if !defined $n && ($!{EAGAIN} || $!{EINTR});
		last unless defined $n;

		log_out(substr($message, 0, $n));
		$message = substr($message, $n);

		last if $s->can('errstr') && !$s->connected();
	}

	$s->blocking(1);

	return length $message ? undef : 1;
}

# one portion of what came, or undef at the deadline; '' at the end

sub read {
	my ($self, %o) = @_;
	my $s = $self->{_socket};
	my $timeout = defined $o{read_timeout} ? $o{read_timeout} : 8;
	my $end = time() + $timeout;
	my $buf;

	while (1) {
		my $left = $end - time();
		$left = 0 if $left < 0;

		unless ($s->can('pending') && $s->pending()) {
			return undef unless IO::Select->new($s)->can_read($left);
		}

		$s->blocking(0);
		my $n = $s->sysread($buf, 65536);
		my $again = !defined $n && ($!{EAGAIN} || $!{EINTR}
			|| $!{EWOULDBLOCK});
		$s->blocking(1);

		return undef if !defined $n && !$again;

		if (defined $n) {
			log_in($buf);
			return $buf;
		}

		return undef if time() >= $end;
	}
}

# "read" is a number of portions, "length" a number of bytes to wait for

sub io {
	my ($self, $message, %o) = @_;

	$self->write($message, %o);

	my $portions = $o{read};
	my $data = '';

	$portions = 1 if !defined $portions && $self->{_udp};

	while (!defined $portions || $portions-- > 0) {
		my $buf = $self->read(%o);
		last unless defined $buf && length $buf;

		$data .= $buf;
		last if defined $o{length} && length($data) >= $o{length};
	}

	return $data;
}

###############################################################################

sub sockaddr {
	my ($self) = @_;
	return $self->{_socket}->sockaddr();
}

sub sockhost {
	my ($self) = @_;
	return $self->{_socket}->sockhost();
}

sub sockport {
	my ($self) = @_;
	return $self->{_socket}->sockport();
}

sub socket {
	my ($self) = @_;
	return $self->{_socket};
}

###############################################################################

1;

###############################################################################
