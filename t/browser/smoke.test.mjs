/*
 * Copyright (C) nginx-rtc-module authors
 *
 * The harness itself: both browsers get a page from nginx with the module
 * loaded, and their fake camera's picture moves.
 */

import assert from "node:assert/strict";

import { scenario } from "./lib/scenario.mjs";


async function picture(tab) {
    await tab.until(() => document.title === "2 tracks", "camera");
    await tab.until(() => document.getElementById("self").currentTime > 0.2,
                    "moving picture");
}


for (const kind of ["chromium", "firefox"]) {

    scenario(`${kind} shows its camera on a page of nginx`, {},
             async (s) =>
    {
        await picture(await s[kind](kind, "/test/smoke.html"));

        assert.ok(s.nginx.file("access.log").includes("/test/smoke.html"),
                  "the page came from nginx");
    });
}


scenario("a page over TLS, four workers, a range of ports",
         { ssl: true, workers: 4, range: true }, async (s) =>
{
    await picture(await s.chromium("chromium", "/test/smoke.html"));

    assert.equal(s.nginx.workerPids().length, 4);

    await s.nginx.reload();
});
