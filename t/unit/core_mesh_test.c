
/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The mailbox: many processes write, one reads; writers are killed in the
 * middle, the reader is replaced; order, whole messages, nothing lost but
 * what a dead writer left half.
 *
 * link: src/core/ngx_rtc_ring.c src/core/ngx_rtc_id.c
 */


#include "ngx_rtc.h"
#include "ngx_rtc_ring.h"

#include "test.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>


#define CELLS     32
#define SENDERS   4
#define MAX       (64 * 1024)

#define WAIT      20000                /* msec; only for what never comes */


typedef struct {
    pid_t         pid;
    ngx_uint_t    dead;
    uint32_t      expected;            /* number of the next message */
    ngx_uint_t    got;
    ngx_uint_t    bad;
} sender_t;


static ngx_rtc_ring_t     *ring;
static int                 efd;

static sender_t            senders[SENDERS];
static ngx_rtc_partial_t   partials[SENDERS];
static u_char              message[MAX];


static ngx_uint_t
gone(ngx_pid_t pid)
{
    int         status;
    ngx_uint_t  i;

    for (i = 0; i < SENDERS; i++) {

        if (senders[i].pid != pid) {
            continue;
        }

        if (!senders[i].dead && waitpid(pid, &status, WNOHANG) == pid) {
            senders[i].dead = 1;
        }

        return senders[i].dead;
    }

    /* nobody knows it: not of this test's making */

    return 1;
}


static void
reset(void)
{
    ngx_uint_t  i;

    memset(ring, 0, ngx_rtc_ring_size(CELLS));
    ngx_rtc_ring_init(ring, CELLS);

    for (i = 0; i < SENDERS; i++) {
        ngx_rtc_ring_forget(&partials[i]);
        memset(&senders[i], 0, sizeof(sender_t));
    }
}


static size_t
message_len(uint32_t n)
{
    return (n % 37 == 0) ? 20000 + n % 1000 : 4 + n % 1500;
}


static void
message_fill(u_char *p, size_t len, uint32_t n, uint32_t sender)
{
    size_t  i;

    memcpy(p, &n, 4);

    for (i = 4; i < len; i++) {
        p[i] = (u_char) (n + i + sender);
    }
}


static ngx_uint_t
message_good(u_char *p, size_t len, uint32_t n, uint32_t sender)
{
    size_t  i;

    if (len != message_len(n)) {
        return 0;
    }

    for (i = 4; i < len; i++) {
        if (p[i] != (u_char) (n + i + sender)) {
            return 0;
        }
    }

    return 1;
}


static void
wake(void)
{
    uint64_t  one;

    one = 1;

    if (ngx_rtc_ring_wake(ring)
        && write(efd, &one, sizeof(one)) != sizeof(one))
    {
        _exit(3);
    }
}


static void
fill(ngx_rtc_cell_t *cell, uint32_t sender, uint32_t n, u_char *p,
    size_t total, size_t offset)
{
    ngx_rtc_cell_head_t  *h;

    h = &cell->head;

    h->from.slot = sender;
    h->from.incarnation = 1;
    h->to = 1;
    h->type = 1;
    h->message = n;
    h->total = total;
    h->offset = offset;
    h->len = ngx_min(total - offset, NGX_RTC_CELL_DATA);

    memcpy(cell->data, p + offset, h->len);
}


/* a message from this process; waits while the mailbox is full */

static void
send_message(uint32_t sender, uint32_t n)
{
    size_t           total, offset;
    ngx_rtc_cell_t  *cell;

    total = message_len(n);
    message_fill(message, total, n, sender);

    for (offset = 0; offset < total; offset += NGX_RTC_CELL_DATA) {

        while ((cell = ngx_rtc_ring_reserve(ring, getpid())) == NULL) {
            wake();
            sched_yield();
        }

        fill(cell, sender, n, message, total, offset);
        ngx_rtc_ring_publish(cell, getpid());
    }

    wake();
}


/* reads what is there; returns the number of messages */

static ngx_uint_t
receive(ngx_uint_t *skipped)
{
    size_t           len;
    u_char          *p;
    uint32_t         n;
    ngx_int_t        rc;
    sender_t        *s;
    ngx_uint_t       count;
    ngx_rtc_cell_t  *cell;

    count = 0;

    while ((cell = ngx_rtc_ring_next(ring, gone, skipped)) != NULL) {

        rc = ngx_rtc_ring_assemble(partials, SENDERS, cell, MAX, &p, &len,
                                   &test_log);
        if (rc == NGX_OK) {

            memcpy(&n, p, 4);
            s = &senders[cell->head.from.slot];

            if (n != s->expected
                || !message_good(p, len, n, cell->head.from.slot))
            {
                s->bad++;
            }

            s->expected = n + 1;
            s->got++;
            count++;

        } else if (rc == NGX_DECLINED) {
            senders[cell->head.from.slot].bad++;
        }

        ngx_rtc_ring_done(ring);
    }

    return count;
}


/* sleeps until woken; 0: nobody did */

static ngx_uint_t
sleep_until_woken(int timeout)
{
    uint64_t       n;
    struct pollfd  pfd;

    if (!ngx_rtc_ring_sleep(ring)) {
        return 1;
    }

    pfd.fd = efd;
    pfd.events = POLLIN;

    if (poll(&pfd, 1, timeout) != 1) {
        return 0;
    }

    return read(efd, &n, sizeof(n)) == sizeof(n);
}


static void
test_order(void)
{
    u_char           one;
    ngx_uint_t       i, n, skipped, good;
    ngx_rtc_cell_t  *cell;

    reset();
    skipped = 0;

    ok(ngx_rtc_ring_next(ring, gone, &skipped) == NULL, "empty at first");
    is(ngx_rtc_ring_room(ring), CELLS, "all cells free");
    is(ngx_rtc_ring_sleep(ring), 1, "the reader sleeps");

    one = 0;

    for (n = 0; (cell = ngx_rtc_ring_reserve(ring, 7)) != NULL; n++) {
        one = n;
        fill(cell, 0, n, &one, 1, 0);
        ngx_rtc_ring_publish(cell, 7);
    }

    is(n, CELLS, "full after all cells");
    is(ngx_rtc_ring_room(ring), 0, "no cell free");
    is(ngx_rtc_ring_wake(ring), 1, "the reader is to be woken");
    is(ngx_rtc_ring_wake(ring), 0, "once");
    is(ngx_rtc_ring_sleep(ring), 0, "and can't sleep before it has read");

    for (i = 0; i < CELLS; i++) {
        cell = ngx_rtc_ring_next(ring, gone, &skipped);
        if (cell == NULL || cell->data[0] != i) {
            break;
        }
        ngx_rtc_ring_done(ring);
    }

    is(i, CELLS, "read in order");

    good = 0;

    for (i = 0; i < 100 * CELLS; i++) {

        cell = ngx_rtc_ring_reserve(ring, 7);
        if (cell == NULL) {
            break;
        }

        fill(cell, 0, i, (u_char *) &i, sizeof(i), 0);
        ngx_rtc_ring_publish(cell, 7);

        cell = ngx_rtc_ring_next(ring, gone, &skipped);
        good += (cell && memcmp(cell->data, &i, sizeof(i)) == 0);
        ngx_rtc_ring_done(ring);
    }

    is(good, 100 * CELLS, "a hundred times around");

    /* 32 bits of the position are in a cell's word */

    reset();

    ring->head = ring->tail = 0x100000000ULL - CELLS;

    for (i = 0; i < CELLS; i++) {
        ring->cells[i].head.word = (0x100000000ULL - CELLS) << 32;
    }

    good = 0;

    for (i = 0; i < 3 * CELLS; i++) {

        cell = ngx_rtc_ring_reserve(ring, 7);
        if (cell == NULL) {
            break;
        }

        fill(cell, 0, i, (u_char *) &i, sizeof(i), 0);
        ngx_rtc_ring_publish(cell, 7);

        cell = ngx_rtc_ring_next(ring, gone, &skipped);
        good += (cell && memcmp(cell->data, &i, sizeof(i)) == 0);
        ngx_rtc_ring_done(ring);
    }

    is(good, 3 * CELLS, "over the end of 32 bits");
    is(skipped, 0, "nothing was skipped");
}


static void
test_torn(void)
{
    u_char           x;
    ngx_uint_t       i, skipped;
    ngx_rtc_cell_t  *cell, *half;

    x = 1;

    /* died after it reserved */

    reset();
    skipped = 0;

    half = ngx_rtc_ring_reserve(ring, 8);
    senders[0].pid = 8;

    cell = ngx_rtc_ring_reserve(ring, 7);
    fill(cell, 0, 0, &x, 1, 0);
    ngx_rtc_ring_publish(cell, 7);

    ok(ngx_rtc_ring_next(ring, gone, &skipped) == NULL,
       "a cell that a live writer fills is waited for");
    is(ngx_rtc_ring_sleep(ring), 1, "asleep");

    senders[0].dead = 1;

    ok(ngx_rtc_ring_next(ring, gone, &skipped) == cell,
       "that of a dead one is skipped");
    is(skipped, 1, "and counted");

    /* a writer that was taken for dead and lives */

    ngx_rtc_ring_publish(half, 8);
    ngx_rtc_ring_done(ring);
    ok(ngx_rtc_ring_next(ring, gone, &skipped) == NULL,
       "it can't publish any more");

    /* died between the cell's word and the tail */

    reset();

    cell = ngx_rtc_ring_reserve(ring, 7);
    fill(cell, 0, 0, &x, 1, 0);
    ngx_rtc_ring_publish(cell, 7);
    ring->tail--;

    cell = ngx_rtc_ring_reserve(ring, 7);
    fill(cell, 0, 1, &x, 1, 0);
    ngx_rtc_ring_publish(cell, 7);

    is(ring->tail, 2, "the tail is helped on");

    for (i = 0; (cell = ngx_rtc_ring_next(ring, gone, &skipped)); i++) {
        if (cell->head.message != i) {
            break;
        }
        ngx_rtc_ring_done(ring);
    }

    is(i, 2, "both are read");

    ring->tail--;

    for (i = 0; (cell = ngx_rtc_ring_reserve(ring, 7)) != NULL; i++) {
        ngx_rtc_ring_publish(cell, 7);
    }

    is(i, CELLS, "the same when it was read meanwhile");

    /* the reader died between a cell's word and the head */

    reset();

    for (i = 0; i < 2; i++) {
        cell = ngx_rtc_ring_reserve(ring, 7);
        fill(cell, 0, i, &x, 1, 0);
        ngx_rtc_ring_publish(cell, 7);
    }

    ngx_rtc_ring_done(ring);
    ring->head--;

    cell = ngx_rtc_ring_next(ring, gone, &skipped);
    ok(cell && cell->head.message == 1, "the next reader goes on");
}


/* cells as they come from a mailbox, without one */

static ngx_int_t
cell_of(uint32_t sender, uint32_t incarnation, uint32_t n, size_t total,
    size_t offset, u_char **p, size_t *len)
{
    static ngx_rtc_cell_t  cell;

    fill(&cell, sender, n, message, total, offset);
    cell.head.from.incarnation = incarnation;

    return ngx_rtc_ring_assemble(partials, SENDERS, &cell, MAX, p, len,
                                 &test_log);
}


static void
test_assemble(void)
{
    size_t           len, d, total;
    u_char          *p;
    ngx_rtc_cell_t   bad;

    reset();

    d = NGX_RTC_CELL_DATA;
    total = 2 * d + 10;

    message_fill(message, MAX, 1, 0);

    is(cell_of(0, 1, 1, 0, 0, &p, &len), NGX_OK, "an empty message");
    is(len, 0, "of no bytes");
    is(cell_of(0, 1, 1, d, 0, &p, &len), NGX_OK, "one that fits a cell");
    is(len, d, "of a cell's bytes");

    is(cell_of(0, 1, 2, total, 0, &p, &len), NGX_AGAIN, "the first of three");
    is(cell_of(1, 1, 2, d + 1, 0, &p, &len), NGX_AGAIN, "another sender's");
    is(cell_of(0, 1, 2, total, d, &p, &len), NGX_AGAIN, "the second");
    is(cell_of(0, 1, 3, 5, 0, &p, &len), NGX_OK, "a short one passes by");
    is(cell_of(0, 1, 2, total, 2 * d, &p, &len), NGX_OK, "the last");
    ok(len == total && memcmp(p, message, len) == 0, "is the message");
    is(cell_of(1, 1, 2, d + 1, d, &p, &len), NGX_OK, "the other sender's");
    ok(len == d + 1 && memcmp(p, message, len) == 0, "is the message");

    is(cell_of(0, 1, 2, total, 2 * d, &p, &len), NGX_DECLINED,
       "a cell too much");
    is(cell_of(0, 1, 4, total, d, &p, &len), NGX_DECLINED, "no first cell");
    is(cell_of(0, 1, 5, total, 0, &p, &len), NGX_AGAIN, "the first of three");
    is(cell_of(0, 1, 5, total, 2 * d, &p, &len), NGX_DECLINED,
       "the second is missing");
    is(cell_of(0, 1, 5, total, d, &p, &len), NGX_AGAIN, "it comes");
    is(cell_of(0, 2, 5, total, 2 * d, &p, &len), NGX_DECLINED,
       "the last is of the slot's next owner");
    is(cell_of(0, 2, 1, total, 0, &p, &len), NGX_AGAIN, "which starts anew");

    is(cell_of(SENDERS, 1, 1, 1, 0, &p, &len), NGX_DECLINED, "no such sender");
    is(cell_of(0, 1, 1, MAX + 1, 0, &p, &len), NGX_DECLINED, "too large");

    fill(&bad, 0, 1, message, 100, 0);
    bad.head.offset = 90;
    is(ngx_rtc_ring_assemble(partials, SENDERS, &bad, MAX, &p, &len,
                             &test_log),
       NGX_DECLINED, "bytes behind the end");

    fill(&bad, 0, 1, message, MAX, 0);
    bad.head.len = NGX_RTC_CELL_DATA + 1;
    is(ngx_rtc_ring_assemble(partials, SENDERS, &bad, MAX, &p, &len,
                             &test_log),
       NGX_DECLINED, "more bytes than a cell has");

    test_alloc_fail = 0;
    is(cell_of(2, 1, 1, total, 0, &p, &len), NGX_DECLINED, "no memory");
    test_alloc_fail = -1;
    is(cell_of(2, 1, 1, total, d, &p, &len), NGX_DECLINED, "then no message");

    reset();
}


static void
start_sender(ngx_uint_t i, uint32_t n)
{
    uint32_t  m;
    pid_t     pid;

    pid = fork();

    if (pid == 0) {
        for (m = 0; n == 0 || m < n; m++) {
            send_message(i, m);
        }
        _exit(0);
    }

    memset(&senders[i], 0, sizeof(sender_t));
    senders[i].pid = pid;
}


static void
end_sender(ngx_uint_t i)
{
    int  status;

    if (!senders[i].dead) {
        (void) kill(senders[i].pid, SIGKILL);
        (void) waitpid(senders[i].pid, &status, 0);
        senders[i].dead = 1;
    }
}


static void
test_writers(void)
{
    ngx_uint_t  i, total, skipped, woken;

    enum { n = 3000 };

    reset();

    for (i = 0; i < SENDERS; i++) {
        start_sender(i, n);
    }

    skipped = 0;
    woken = 1;

    for (total = 0; total < SENDERS * n && woken; /* void */ ) {
        total += receive(&skipped);

        if (total < SENDERS * n) {
            woken = sleep_until_woken(WAIT);
        }
    }

    ok(woken, "%d processes write: the reader is always woken", SENDERS);

    for (i = 0; i < SENDERS; i++) {
        end_sender(i);
        is(senders[i].got, n, "all messages of process %d", (int) i);
        is(senders[i].bad, 0, "in order and whole");
    }

    is(skipped, 0, "nothing was skipped");
}


static void
test_killed_writers(void)
{
    ngx_uint_t  i, round, kills, skipped, woken, bad, total;

    enum { n = 4000, rounds = 60 };

    reset();

    /* 1 to 3 are killed again and again, 0 is left alone */

    for (i = 0; i < SENDERS; i++) {
        start_sender(i, 0);
    }

    skipped = 0;
    kills = 0;
    bad = 0;
    woken = 1;

    for (round = 0; (kills < rounds || senders[0].got < n) && woken; round++) {

        total = receive(&skipped);

        /* who is killed is in the middle of something: it never stops */

        i = 1 + round % (SENDERS - 1);

        if (kills < rounds && senders[i].got > (round * 7) % 50) {
            end_sender(i);
            kills++;

            /* the mesh learns of a death by its sweep, and reads then */

            (void) receive(&skipped);

            bad += senders[i].bad;
            ngx_rtc_ring_forget(&partials[i]);
            start_sender(i, 0);

            continue;
        }

        if (total == 0) {
            woken = sleep_until_woken(WAIT);
        }
    }

    ok(woken, "%d writers are killed: the reader is always woken",
       (int) kills);
    ok(senders[0].got >= n, "messages of the one that lives: %d",
       (int) senders[0].got);
    is(senders[0].got, senders[0].expected, "all of them");
    is(senders[0].bad, 0, "in order and whole");

    for (i = 0; i < SENDERS; i++) {
        end_sender(i);
    }

    (void) receive(&skipped);

    for (i = 1; i < SENDERS; i++) {
        bad += senders[i].bad;
    }

    is(bad, 0, "what came of the killed ones was in order and whole");
    ok(skipped <= kills + SENDERS, "each left one cell at most (%d of %d)",
       (int) skipped, (int) kills);

    reset();
}


int
main(void)
{
    ring = mmap(NULL, ngx_rtc_ring_size(CELLS), PROT_READ|PROT_WRITE,
                MAP_ANON|MAP_SHARED, -1, 0);
    efd = eventfd(0, 0);

    if (ring == MAP_FAILED || efd == -1) {
        printf("Bail out! no memory\n");
        return 2;
    }

    is(sizeof(ngx_rtc_cell_t), NGX_RTC_CELL, "a cell is 2 KB");
    is(ngx_rtc_ring_cells(256 * 1024), 128, "128 cells in 256k");
    is(ngx_rtc_ring_cells(100 * 1024), 32, "32 cells in 100k");

    test_order();
    test_torn();
    test_assemble();
    test_writers();
    test_killed_writers();

    return test_done();
}
