/*
 * Copyright (C) nginx-rtc-module authors
 *
 * nginx for a browser test: a prefix of its own, free ports, the demo page
 * and the signaling, one UDP port or one for each worker.
 */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { slow, until } from "./until.mjs";


const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)),
                         "../../..");

const binary = process.env.TEST_NGINX_BINARY ?? "nginx";
const module = process.env.TEST_NGINX_RTC_MODULE
               ?? path.join(top, "build/ngx_rtc_module.so");


/* a TCP port that is free now */

function tcpPort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();

        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();

            server.close(() => resolve(port));
        });
    });
}


function udpFree(port) {
    return new Promise((resolve) => {
        const socket = dgram.createSocket("udp4");

        socket.once("error", () => resolve(0));
        socket.bind(port, "127.0.0.1", () => {
            const bound = socket.address().port;

            socket.close(() => resolve(bound));
        });
    });
}


/* the first of n UDP ports in a row that are free now */

async function udpPorts(n) {
    for (let i = 0; i < 100; i++) {
        const first = await udpFree(0);
        let port = first + 1;

        while (port < first + n && port < 65536 && await udpFree(port)) {
            port++;
        }

        if (port === first + n) {
            return first;
        }
    }

    throw new Error(`no ${n} free UDP ports in a row`);
}


function spawnText(command, args) {
    const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });

    return { stdout: stdout ?? "", stderr: stderr ?? "" };
}


/*
 * Options:
 *
 *   workers    number of worker processes, 1
 *   range      true: a UDP port for each worker, else one with reuseport
 *   ssl        true: https and wss
 *   rtc        more directives for the rtc block, "p2p_max 2;"
 *   location   more for the location of the signaling
 *   locations  more locations of the server
 *   main, http, stream
 *              more for these contexts
 *   root       folder of files to serve, client/ of this project
 *   listen     addresses of media, ["127.0.0.1"]; ["127.0.0.1", "[::1]"]
 *   noMedia    true: no stream server, p2p only
 */

export async function startNginx(options = {}) {
    const nginx = new Nginx(options);

    await nginx.start();

    return nginx;
}


class Nginx {

    constructor(options) {
        this.options = options;
        this.workers = options.workers ?? 1;
        this.prefix = fs.mkdtempSync(path.join(os.tmpdir(), "rtc-browser-"));
        fs.chmodSync(this.prefix, 0o755);
    }

    async start() {
        this.port = await tcpPort();
        this.mediaPorts = this.options.range ? this.workers : 1;
        this.media = await udpPorts(this.mediaPorts);

        const scheme = this.options.ssl ? "s" : "";

        this.url = `http${scheme}://127.0.0.1:${this.port}`;
        this.signaling = `ws${scheme}://127.0.0.1:${this.port}/rtc`;

        if (this.options.ssl) {
            execFileSync("openssl", ["req", "-x509", "-newkey", "ec",
                "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=localhost", "-days", "30",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", path.join(this.prefix, "tls.key"),
                "-out", path.join(this.prefix, "tls.crt")],
                { stdio: "ignore" });
        }

        fs.writeFileSync(path.join(this.prefix, "nginx.conf"), this.conf());
        this.spawn();

        await until(() => {
            if (this.exited !== undefined) {
                throw new Error(`nginx exited: ${this.exited}`);
            }

            return fs.existsSync(path.join(this.prefix, "nginx.pid"))
                   && this.connects();
        }, "start of nginx", 20000).catch((e) => {
            throw new Error(`${e.message}\n${this.output}\n${this.log(20)}`);
        });
    }

    spawn() {
        this.output = "";
        this.exited = undefined;

        this.process = spawn(binary, ["-p", `${this.prefix}/`,
                                      "-c", "nginx.conf", "-e", "error.log"],
                             { stdio: ["ignore", "pipe", "pipe"] });

        const collect = (data) => {
            this.output = (this.output + data).slice(-65536);
        };

        this.process.stdout.on("data", collect);
        this.process.stderr.on("data", collect);

        /* a failed test must not leave its nginx behind */

        this.onExit = () => this.process.kill("SIGTERM");
        process.once("exit", this.onExit);

        this.gone = new Promise((resolve) => {
            const done = (what) => {
                this.exited = what;
                process.removeListener("exit", this.onExit);
                resolve(what);
            };

            this.process.once("error", (e) => done(e.message));
            this.process.once("exit", (code, signal) => done(signal ?? code));
        });
    }

    connects() {
        return new Promise((resolve) => {
            const socket = net.connect(this.port, "127.0.0.1");

            socket.once("connect", () => {
                socket.destroy();
                resolve(true);
            });

            socket.once("error", () => resolve(false));
        });
    }

    conf() {
        const o = this.options;
        const last = this.media + this.mediaPorts - 1;
        const ports = o.range && last > this.media ? `${this.media}-${last}`
                                                   : `${this.media}`;

        const { stderr } = spawnText(binary, ["-V"]);
        const dir = /--modules-path=(\S+)/.exec(stderr)?.[1];
        const load = [];

        if (stderr.includes("--with-stream=dynamic")) {
            load.push(`load_module ${dir}/ngx_stream_module.so;`);
        }

        if (!/--add-module=\S*rtc/.test(stderr)) {
            load.push(`load_module ${module};`);
        }

        /* files of a checkout may be root's own */

        if (process.getuid() === 0) {
            load.push("user root;");
        }

        const listen = (o.listen ?? ["127.0.0.1"])
            .map((address) => `listen ${address}:${ports} udp`
                              + `${o.range ? "" : " reuseport"};`)
            .join("\n        ");

        const stream = o.noMedia ? "" : `
stream {
    ${o.stream ?? ""}

    server {
        ${listen}
        rtc;
    }
}
`;

        return `
${load.join("\n")}

daemon off;
worker_processes ${this.workers};
worker_shutdown_timeout 2s;
pid nginx.pid;
error_log error.log ${process.env.TEST_NGINX_DEBUG ? "debug" : "info"};
${o.main ?? ""}

events {
    worker_connections 1024;
}

rtc {
    zone rtc:32m;
    ${o.rtc ?? ""}
}

http {
    types {
        text/html html;
        text/css css;
        text/javascript js mjs;
        application/json json map;
        application/manifest+json webmanifest;
        image/svg+xml svg;
    }

    default_type application/octet-stream;
    charset utf-8;
    access_log access.log;
    client_body_temp_path client_body_temp;
    proxy_temp_path proxy_temp;
    fastcgi_temp_path fastcgi_temp;
    uwsgi_temp_path uwsgi_temp;
    scgi_temp_path scgi_temp;

    ${o.http ?? ""}

    server {
        listen 127.0.0.1:${this.port}${o.ssl ? " ssl" : ""};
        ${o.ssl ? "ssl_certificate tls.crt; ssl_certificate_key tls.key;" : ""}

        root ${o.root ?? path.join(top, "client")};
        add_header Cache-Control no-store;

        location = / {
            rewrite ^ /demo/index.html last;
        }

        location /test/ {
            alias ${path.join(top, "t/browser/pages")}/;
        }

        location = /rtc {
            rtc_signaling;
            ${o.location ?? ""}
        }

        location = /rtc/status {
            rtc_status;
        }

        location = /worker {
            return 200 $pid;
        }

        ${o.locations ?? ""}
    }
}
${stream}`;
    }

    signal(name) {
        const file = path.join(this.prefix, "nginx.pid");

        process.kill(Number(fs.readFileSync(file, "utf8")), name);
    }

    /* new workers have taken over when a request is answered by one */

    async reload(options) {
        if (options) {
            Object.assign(this.options, options);
            this.workers = this.options.workers ?? 1;
            fs.writeFileSync(path.join(this.prefix, "nginx.conf"),
                             this.conf());
        }

        const before = new Set(this.workerPids());

        this.signal("SIGHUP");

        await until(() => {
            const now = this.workerPids().filter((pid) => !before.has(pid));

            return now.length >= this.workers;
        }, "new workers");
    }

    workerPids() {
        const master = fs.readFileSync(path.join(this.prefix, "nginx.pid"),
                                       "utf8").trim();
        const { stdout } = spawnText("ps", ["-o", "pid=,args=", "--ppid",
                                            master]);

        return stdout.split("\n").filter((line) => /worker process/.test(line))
            .map((line) => Number.parseInt(line, 10));
    }

    /* the counters, as an object */

    async status() {
        if (this.options.ssl) {
            const { stdout } = spawnText("curl", ["-fsSk",
                `${this.url}/rtc/status?format=json`]);

            return JSON.parse(stdout);
        }

        const response = await fetch(`${this.url}/rtc/status?format=json`);

        return response.json();
    }

    file(name) {
        try {
            return fs.readFileSync(path.join(this.prefix, name), "utf8");

        } catch {
            return "";
        }
    }

    log(lines) {
        const text = this.file("error.log");

        return lines === undefined ? text
                                   : text.split("\n").slice(-lines).join("\n");
    }

    /* lines that no good run has */

    alerts() {
        return `${this.log()}\n${this.output}`.split("\n")
            .filter((line) => /\[(alert|emerg)\]|Sanitizer|runtime error:/
                              .test(line)
                              && !line.includes("[debug]"));
    }

    /* stops gracefully, and tells what was wrong */

    async stop() {
        if (this.exited === undefined) {
            this.process.kill("SIGQUIT");

            const timer = setTimeout(() => this.process.kill("SIGTERM"),
                                     15000 * slow);

            await this.gone;
            clearTimeout(timer);
        }

        const wrong = this.alerts();

        if (process.env.TEST_NGINX_LEAVE) {
            console.error(`# left: ${this.prefix}`);

        } else {
            fs.rmSync(this.prefix, { recursive: true, force: true });
        }

        return wrong;
    }
}
