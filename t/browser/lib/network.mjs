/*
 * Copyright (C) nginx-rtc-module authors
 *
 * Bad networks for a test's media ports, by nftables: needs root.
 */

import { spawnSync } from "node:child_process";

let count = 0;


function nft(rules) {
    const { status, stderr, error } = spawnSync("nft", ["-f", "-"],
        { input: rules, encoding: "utf8" });

    if (status !== 0) {
        throw new Error(`nft: ${error?.message ?? stderr}`);
    }
}


/*
 * Drops packets at random: percent of those to the server, of those from it,
 * or of both.  Ports from first to last.  Returns a function that ends it.
 */

export function losePackets(first, last,
                            { toServer = 0, fromServer = 0 } = {})
{
    const table = `rtc_test_${process.pid}_${count++}`;
    const ports = first === last ? first : `${first}-${last}`;
    const rule = (side, percent) => percent === 0 ? ""
        : `udp ${side} ${ports} numgen random mod 1000`
          + ` < ${Math.round(percent * 10)} drop`;

    nft(`table inet ${table} {
        chain out {
            type filter hook output priority 0;
            ${rule("dport", toServer)}
            ${rule("sport", fromServer)}
        }
    }`);

    return () => nft(`delete table inet ${table}`);
}


/* all packets, for a while */

export function cutPorts(first, last) {
    return losePackets(first, last, { toServer: 100, fromServer: 100 });
}
