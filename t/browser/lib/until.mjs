/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Waiting for conditions by polling with a deadline: tests never sleep.
 */

/* a sanitizer build and two busy cores need patience */

export const slow = process.env.TEST_SLOW ? 3 : 1;


/*
 * Calls the function until it gives something true, which is returned; fails
 * after so many milliseconds with the name of what was awaited and what the
 * function gave or threw last.
 */

export async function until(fn, what, timeout = 15000, interval = 100) {
    const end = performance.now() + timeout * slow;
    let last;

    for ( ;; ) {
        try {
            last = await fn();

            if (last) {
                return last;
            }

        } catch (e) {
            last = e;
        }

        if (performance.now() > end) {
            break;
        }

        await new Promise((resolve) => setTimeout(resolve, interval));
    }

    const shown = last instanceof Error ? last.message
                                        : JSON.stringify(last);

    throw new Error(`not within ${timeout * slow} ms: ${what}`
                    + ` (last: ${shown})`);
}
