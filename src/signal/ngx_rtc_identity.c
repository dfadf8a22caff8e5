
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Two sessions that want one user id, when neither has proved who it is: the
 * earlier one is pinged, and as long as it answers within 3 seconds the
 * newcomer has to choose another id.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_rtc_signal.h"
#include "ngx_rtc_counters.h"


/* a join that waits; the message's bytes are behind it */

typedef struct {
    ngx_queue_t             queue;     /* participant->waiters */
    ngx_queue_t             all;
    ngx_rtc_participant_t  *participant;
    ngx_rtc_ref_t           from;
    uint64_t                session;
    uint64_t                request;
    size_t                  len;
} ngx_rtc_waiter_t;


static void ngx_rtc_identity_timer(ngx_event_t *ev);
static void ngx_rtc_identity_remove(ngx_rtc_waiter_t *w);


static ngx_queue_t  ngx_rtc_waiters;


void
ngx_rtc_identity_init(void)
{
    ngx_queue_init(&ngx_rtc_waiters);
}


void
ngx_rtc_identity_wait(ngx_rtc_participant_t *p, ngx_rtc_ref_t *from,
    ngx_rtc_message_t *m)
{
    size_t             len;
    u_char            *buf;
    ngx_uint_t         i;
    ngx_rtc_waiter_t  *w;

    if (p->nwaiters == NGX_RTC_MAX_WAITERS) {
        ngx_rtc_home_refuse(from, m->session, m->request, NGX_RTC_MSG_JOINED,
                            NGX_RTC_E_USER_ID_TAKEN, NULL);
        return;
    }

    len = NGX_RTC_MSG_HEADER;

    for (i = 0; i < m->n; i++) {
        len += m->str[i].len;
    }

    w = ngx_alloc(sizeof(ngx_rtc_waiter_t) + len, p->room->log);
    if (w == NULL) {
        ngx_rtc_home_refuse(from, m->session, m->request, NGX_RTC_MSG_JOINED,
                            NGX_RTC_E_INTERNAL, NULL);
        return;
    }

    buf = (u_char *) w + sizeof(ngx_rtc_waiter_t);
    buf = ngx_rtc_message_write(buf, m);

    for (i = 0; i < m->n; i++) {
        buf = ngx_cpymem(buf, m->str[i].data, m->str[i].len);
    }

    w->participant = p;
    w->from = *from;
    w->session = m->session;
    w->request = m->request;
    w->len = buf - ((u_char *) w + sizeof(ngx_rtc_waiter_t));

    ngx_queue_insert_tail(&p->waiters, &w->queue);
    ngx_queue_insert_tail(&ngx_rtc_waiters, &w->all);
    p->nwaiters++;

    if (p->probe.timer_set) {
        return;
    }

    p->probe.handler = ngx_rtc_identity_timer;
    p->probe.data = p;
    p->probe.log = p->room->log;

    ngx_add_timer(&p->probe, NGX_RTC_PROBE_TIMEOUT);

    (void) ngx_rtc_home_tell(&p->owner, p->session, 0, NGX_RTC_MSG_PROBE);
}


static void
ngx_rtc_identity_remove(ngx_rtc_waiter_t *w)
{
    ngx_queue_remove(&w->queue);
    ngx_queue_remove(&w->all);

    w->participant->nwaiters--;

    ngx_free(w);
}


void
ngx_rtc_identity_alive(ngx_rtc_participant_t *p)
{
    if (p->nwaiters) {
        ngx_rtc_identity_refuse(p, NGX_RTC_E_USER_ID_TAKEN);
    }
}


void
ngx_rtc_identity_refuse(ngx_rtc_participant_t *p, ngx_uint_t error)
{
    ngx_queue_t       *q;
    ngx_rtc_waiter_t  *w;

    if (p->probe.timer_set) {
        ngx_del_timer(&p->probe);
    }

    while (!ngx_queue_empty(&p->waiters)) {
        q = ngx_queue_head(&p->waiters);
        w = ngx_queue_data(q, ngx_rtc_waiter_t, queue);

        ngx_rtc_home_refuse(&w->from, w->session, w->request,
                            NGX_RTC_MSG_JOINED, error, NULL);

        ngx_rtc_count(joins_refused);

        ngx_rtc_identity_remove(w);
    }
}


static void
ngx_rtc_identity_timer(ngx_event_t *ev)
{
    ngx_rtc_identity_dead(ev->data);
}


void
ngx_rtc_identity_dead(ngx_rtc_participant_t *p)
{
    if (p->nwaiters == 0) {
        return;
    }

    ngx_rtc_participant_event(p, "session-replaced", json_object());

    ngx_rtc_participant_leave(p, "replaced");
}


/* session 0: all of that worker */

void
ngx_rtc_identity_gone(ngx_rtc_ref_t *from, uint64_t session)
{
    ngx_queue_t            *q, *next;
    ngx_rtc_waiter_t       *w;
    ngx_rtc_participant_t  *p;

    for (q = ngx_queue_head(&ngx_rtc_waiters);
         q != ngx_queue_sentinel(&ngx_rtc_waiters);
         q = next)
    {
        next = ngx_queue_next(q);
        w = ngx_queue_data(q, ngx_rtc_waiter_t, all);

        if (!ngx_rtc_ref_eq(&w->from, from)
            || (session && w->session != session))
        {
            continue;
        }

        p = w->participant;

        ngx_rtc_identity_remove(w);

        if (p->nwaiters == 0 && p->probe.timer_set) {
            ngx_del_timer(&p->probe);
        }
    }
}


/*
 * p is out of its room.  The first that waited gets its place; to the others
 * it is as if they had come after that one.
 */

void
ngx_rtc_identity_free(ngx_rtc_participant_t *p)
{
    u_char             *buf;
    ngx_queue_t        *q;
    ngx_rtc_waiter_t   *w;
    ngx_rtc_message_t   m;

    if (p->probe.timer_set) {
        ngx_del_timer(&p->probe);
    }

    if (p->nwaiters == 0) {
        return;
    }

    q = ngx_queue_head(&p->waiters);
    w = ngx_queue_data(q, ngx_rtc_waiter_t, queue);

    ngx_queue_remove(&w->queue);
    ngx_queue_remove(&w->all);
    p->nwaiters--;

    if (p->room->closing) {
        ngx_rtc_home_refuse(&w->from, w->session, w->request,
                            NGX_RTC_MSG_JOINED, NGX_RTC_E_ROOM_NOT_FOUND,
                            NULL);
        ngx_rtc_identity_refuse(p, NGX_RTC_E_ROOM_NOT_FOUND);

    } else {
        ngx_rtc_identity_refuse(p, NGX_RTC_E_USER_ID_TAKEN);

        buf = (u_char *) w + sizeof(ngx_rtc_waiter_t);

        if (ngx_rtc_message_read(&m, buf, buf + w->len) == NGX_OK) {
            ngx_rtc_room_join(&w->from, &m);
        }
    }

    ngx_free(w);
}
