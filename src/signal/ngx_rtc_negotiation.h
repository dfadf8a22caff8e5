
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The negotiation: a participant's send and recv transports, offers and
 * answers on them, and what binds tracks to subscriptions.  Everything here
 * runs in the room's home.  Functions that serve a client's request return
 * NGX_RTC_E_* and fill r->message or r->answer.
 */


#ifndef _NGX_RTC_NEGOTIATION_H_INCLUDED_
#define _NGX_RTC_NEGOTIATION_H_INCLUDED_


#include "ngx_rtc_room.h"


/*
 * The participant is served by the SFU from now on (it joined an sfu room,
 * or its room turns): makes both transports, tells them by
 * transport-created, subscribes to what is published if auto_subscribe.
 * NGX_RTC_E_OK or why not (sfu-unavailable, too-many, internal).
 */

ngx_uint_t ngx_rtc_negotiation_start(ngx_rtc_participant_t *p);

/* the participant leaves: ends publications, subscriptions, transports */
void ngx_rtc_negotiation_stop(ngx_rtc_participant_t *p);

/* its session came back: the transports as JSON array for the answer; then,
   after the answer, repeats an unanswered recv offer */
json_t *ngx_rtc_negotiation_transports(ngx_rtc_participant_t *p);
void ngx_rtc_negotiation_resumed(ngx_rtc_participant_t *p);


/* events of a client whose target is "sfu" */

ngx_uint_t ngx_rtc_negotiation_offer(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_answer(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_candidate(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_restart_ice(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_subscribe(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_unsubscribe(ngx_rtc_request_t *r);
ngx_uint_t ngx_rtc_negotiation_stats(ngx_rtc_request_t *r);


/* the room side tells */

/* pub->muted or pub->locked changed: gates the media */
void ngx_rtc_negotiation_muted(ngx_rtc_publication_t *pub);

/* the role or permissions changed: a viewer's publications end */
void ngx_rtc_negotiation_role(ngx_rtc_participant_t *p);

/* a new publication of the room: subscribe the others (called by
   ngx_rtc_room_published after track-published is out), and the reverse */
void ngx_rtc_negotiation_published(ngx_rtc_publication_t *pub);
void ngx_rtc_negotiation_unpublished(ngx_rtc_publication_t *pub);

/* find by id; NULL */
ngx_rtc_publication_t *ngx_rtc_publication_find(ngx_rtc_room_t *room,
    const char *id);


#endif /* _NGX_RTC_NEGOTIATION_H_INCLUDED_ */
