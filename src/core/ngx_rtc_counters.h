
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Counters of a worker, in its slot of the zone: written by it alone, read
 * by whoever makes a status.  No mutex; a gauge is a counter that falls.
 */


#ifndef _NGX_RTC_COUNTERS_H_INCLUDED_
#define _NGX_RTC_COUNTERS_H_INCLUDED_


#include "ngx_rtc.h"


/*
 * X(name, type, text): ngx_rtc_<name> in Prometheus, counter or gauge.
 * Append only at the end: generations share the zone.
 */

#define NGX_RTC_COUNTERS(X)                                                   \
    X(rooms, gauge, "Rooms this worker is home of")                           \
    X(participants, gauge, "Participants in those rooms")                     \
    X(sessions, gauge, "Signaling sessions")                                  \
    X(transports, gauge, "Media transports")                                  \
    X(transports_connected, gauge, "Media transports with DTLS established")  \
    X(tracks, gauge, "Published tracks")                                      \
    X(subscriptions, gauge, "Subscriptions")                                  \
    X(messages_received, counter, "Signaling messages from clients")          \
    X(messages_sent, counter, "Signaling messages to clients")                \
    X(messages_bad, counter, "Signaling messages refused")                    \
    X(sessions_total, counter, "Signaling sessions accepted")                 \
    X(sessions_refused, counter, "Signaling sessions refused")                \
    X(joins, counter, "Joins accepted")                                       \
    X(joins_refused, counter, "Joins refused")                                \
    X(resumed, counter, "Sessions resumed")                                   \
    X(datagrams_received, counter, "Datagrams read")                          \
    X(datagrams_sent, counter, "Datagrams sent")                              \
    X(bytes_received, counter, "Bytes of datagrams read")                     \
    X(bytes_sent, counter, "Bytes of datagrams sent")                         \
    X(datagrams_unknown, counter, "Datagrams that belong to no transport")    \
    X(datagrams_dropped, counter, "Datagrams dropped: send buffer full")      \
    X(datagrams_crossed, counter, "Datagrams handed to another worker")       \
    X(stun_requests, counter, "STUN requests answered")                       \
    X(stun_bad, counter, "STUN messages refused")                             \
    X(dtls_handshakes, counter, "DTLS handshakes completed")                  \
    X(dtls_failed, counter, "DTLS handshakes failed")                         \
    X(srtp_bad, counter, "SRTP packets that failed authentication or replay") \
    X(rtp_received, counter, "RTP packets received")                          \
    X(rtp_sent, counter, "RTP packets forwarded")                             \
    X(rtp_bad, counter, "RTP or RTCP packets malformed or of no track")       \
    X(rtx_sent, counter, "Packets retransmitted to subscribers")              \
    X(rtx_received, counter, "Packets recovered from publishers")             \
    X(nacks_sent, counter, "Packets asked again from publishers")             \
    X(nacks_received, counter, "Packets asked again by subscribers")          \
    X(nacks_missed, counter, "Asked packets that the cache no longer held")   \
    X(keyframe_requests, counter, "Keyframes asked from publishers")          \
    X(mesh_sent, counter, "Messages sent to other workers")                   \
    X(mesh_dropped, counter, "Messages dropped: mailbox or queue full")       \
    X(addr_lookups, counter, "Zone lookups of remote addresses")              \
    X(reaped, counter, "Records of dead workers reaped")                      \
    X(mutex_recovered, counter, "Zone rebuilt after a locker died")


#define NGX_RTC_COUNTER_ENUM(name, type, text)  ngx_rtc_cnt_##name,

typedef enum {
    NGX_RTC_COUNTERS(NGX_RTC_COUNTER_ENUM)
    NGX_RTC_NCOUNTERS
} ngx_rtc_counter_e;


/* points into this worker's slot; before init_process, to a private array */

extern volatile uint64_t  *ngx_rtc_counter;

#define ngx_rtc_count(name)         (ngx_rtc_counter[ngx_rtc_cnt_##name]++)
#define ngx_rtc_count_n(name, n)    (ngx_rtc_counter[ngx_rtc_cnt_##name] += (n))
#define ngx_rtc_count_down(name)    (ngx_rtc_counter[ngx_rtc_cnt_##name]--)


/* sums over all slots, those of exited workers included (gauges: live slots
   only); out has NGX_RTC_NCOUNTERS places */

void ngx_rtc_counters_sum(uint64_t *out);

typedef struct {
    ngx_rtc_ref_t         ref;
    ngx_pid_t             pid;
    ngx_uint_t            draining;
    ngx_uint_t            load;
    uint64_t              counters[NGX_RTC_NCOUNTERS];
} ngx_rtc_slot_info_t;

/* live slots, up to n; returns their number */
ngx_uint_t ngx_rtc_slots_info(ngx_rtc_slot_info_t *infos, ngx_uint_t n);


#endif /* _NGX_RTC_COUNTERS_H_INCLUDED_ */
