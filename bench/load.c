/* Runs many watchers in one thread, with far less CPU than the server that they measure.
 *
 *     load PORT PROTOCOL WATCHERS EVENTS CONCURRENCY READY PATH
 *
 * Connects WATCHERS clients to 127.0.0.1:PORT, at most CONCURRENCY at a time. Each requests PATH, in which %d is
 * replaced by the client's number, starting at 1. PROTOCOL is websocket, socketio or sse. READY says when a watcher is
 * ready: "open" when its connection is open, "first" when its first message has come. When all watchers are ready the
 * program prints
 *
 *     ready NANOSECONDS                 from the first connect until the last watcher was ready
 *
 * Then it runs the commands that it reads from its standard input:
 *
 *     seen FIRST COUNT BY               prints "seen" as soon as BY watchers have seen each of the marks FIRST to
 *                                       FIRST+COUNT-1
 *     write FILE                        writes the times into FILE and prints "written". The file has WATCHERS rows of
 *                                       EVENTS unsigned 64-bit integers: nanoseconds of CLOCK_MONOTONIC, or 0 if the
 *                                       watcher hasn't seen the mark
 *     count                             prints "count MESSAGES BYTES DISORDERED LOST": messages and bytes received,
 *                                       marks that came after a later one, connections that have ended
 *
 * A mark is ~~ and seven digits, the number of an event. The program ends when its standard input ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_SIZE = 4 << 20, PADDING = 16, MAX_SHORT = 125 };
enum protocol { WEBSOCKET, SOCKETIO, SSE };
enum state { IDLE, HANDSHAKE, OPEN, READY, ENDED };

struct watcher {
	int socket;
	enum state state;
	uint32_t last; /* the newest mark that it has seen, plus 1 */
	uint32_t kept; /* bytes in `rest`: the beginning of a message that isn't complete yet */
	char *rest;
};

static int port, watchers, events, concurrency, ready_when_open;
static enum protocol protocol;
static const char *path;

static struct watcher *all;
static uint64_t *times;    /* one row for each watcher, one column for each event */
static uint32_t *seen_by;  /* how many watchers have seen each event */
static char buffer[BUFFER_SIZE + PADDING];
static int poll_fd, connected, ready, lost;
static uint64_t start_time, messages, bytes, disordered;
static uint32_t wanted_first, wanted_count, wanted_by;

static uint64_t now(void) {
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void fail(const char *what) {
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void print_line(const char *line) {
	puts(line);
	fflush(stdout);
}

static void answer_if_seen(void) {
	if (!wanted_count) return;
	for (uint32_t event = wanted_first; event < wanted_first + wanted_count; event++)
		if (seen_by[event] < wanted_by) return;
	wanted_count = 0;
	print_line("seen");
}

/* Record the marks in these bytes. */
static void scan(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	const char *end = text + size, *tilde = text;
	uint64_t *row = times + (size_t)(watcher - all) * (size_t)events;
	while (end - tilde >= 9 && (tilde = memchr(tilde, '~', (size_t)(end - tilde) - 8))) {
		uint32_t mark = 0;
		int digit = 2;
		if (tilde[1] == '~')
			for (; digit < 9 && tilde[digit] >= '0' && tilde[digit] <= '9'; digit++)
				mark = mark * 10 + (uint32_t)(tilde[digit] - '0');
		tilde++;
		if (digit < 9 || mark >= (uint32_t)events || row[mark]) continue;
		row[mark] = at;
		seen_by[mark]++;
		disordered += mark + 1 < watcher->last;
		if (mark + 1 > watcher->last) watcher->last = mark + 1;
		tilde += 8;
	}
}

static void end(struct watcher *watcher) {
	if (watcher->state < READY) {
		fprintf(stderr, "load: watcher %d lost its connection before it was ready\n", (int)(watcher - all));
		exit(1);
	}
	close(watcher->socket);
	watcher->state = ENDED;
	lost++;
}

static void send_bytes(struct watcher *watcher, const void *what, size_t size) {
	if (send(watcher->socket, what, size, MSG_NOSIGNAL) != (ssize_t)size) end(watcher);
}

/* Send a short frame. The mask, which a client's frame must have, is all zeros. */
static void send_frame(struct watcher *watcher, int opcode, const char *text, size_t size) {
	char frame[6 + MAX_SHORT] = {(char)(0x80 | opcode), (char)(0x80 | size)};
	if (size > MAX_SHORT) return;
	memcpy(frame + 6, text, size);
	send_bytes(watcher, frame, 6 + size);
}

static void mark_ready(struct watcher *watcher) {
	if (watcher->state == READY) return;
	watcher->state = READY;
	if (++ready == watchers) {
		printf("ready %llu\n", (unsigned long long)(now() - start_time));
		fflush(stdout);
	}
}

static void handle_message(struct watcher *watcher, int opcode, const char *text, size_t size, uint64_t at) {
	if (opcode == 8) {
		if (size >= 2)
			fprintf(stderr, "load: the server closed with code %d\n",
				(unsigned char)text[0] << 8 | (unsigned char)text[1]);
		end(watcher);
	} else if (opcode == 9) {
		send_frame(watcher, 10, text, size);
	} else if (opcode <= 2) {
		messages++;
		if (protocol == SOCKETIO && size && text[0] == '0') { /* the transport is open: join */
			send_frame(watcher, 1, "40", 2);
		} else if (protocol == SOCKETIO && size && text[0] == '2') { /* ping */
			send_frame(watcher, 1, "3", 1);
		} else {
			mark_ready(watcher);
			scan(watcher, text, size, at);
		}
	}
}

/* Handle the complete frames in these bytes. Returns how many bytes they have. */
static size_t parse_frames(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	size_t parsed = 0;
	while (size - parsed >= 2 && watcher->state != ENDED) {
		const unsigned char *head = (const unsigned char *)text + parsed;
		size_t length = head[1] & 0x7f, begin = 2;
		if (length == 126) {
			if (size - parsed < 4) break;
			length = (size_t)head[2] << 8 | head[3];
			begin = 4;
		} else if (length == 127) {
			if (size - parsed < 10) break;
			length = 0;
			for (int byte = 2; byte < 10; byte++) length = length << 8 | head[byte];
			begin = 10;
		}
		if (size - parsed < begin + length) break;
		handle_message(watcher, head[0] & 0x0f, text + parsed + begin, length, at);
		parsed += begin + length;
	}
	return parsed;
}

static size_t parse_response(struct watcher *watcher, const char *text, size_t size) {
	const char *blank = memmem(text, size, "\r\n\r\n", 4);
	if (!blank) return 0;
	const char *wanted = protocol == SSE ? "HTTP/1.1 200" : "HTTP/1.1 101";
	if (strncmp(text, wanted, strlen(wanted))) {
		fprintf(stderr, "load: expected %s, but the server answered %.40s\n", wanted, text);
		exit(1);
	}
	watcher->state = OPEN;
	connected++;
	if (ready_when_open && protocol != SOCKETIO) mark_ready(watcher);
	return (size_t)(blank - text) + 4;
}

static size_t parse(struct watcher *watcher, const char *text, size_t size, uint64_t at) {
	size_t parsed = 0;
	if (watcher->state == HANDSHAKE && !(parsed = parse_response(watcher, text, size))) return 0;
	if (protocol != SSE) return parsed + parse_frames(watcher, text + parsed, size - parsed, at);
	if (size > parsed) {
		/* Before its first event a server may send when to connect again. */
		if (memmem(text + parsed, size - parsed, "data:", 5)) mark_ready(watcher);
		messages++;
		scan(watcher, text + parsed, size - parsed, at);
	}
	/* Keep the last bytes: they may be the beginning of a mark. */
	return size - parsed > 8 ? size - 8 : parsed;
}

static void keep_rest(struct watcher *watcher, const char *rest, size_t size) {
	watcher->kept = (uint32_t)size;
	if (!size) return;
	watcher->rest = realloc(watcher->rest, size);
	if (!watcher->rest) fail("realloc");
	memcpy(watcher->rest, rest, size);
}

static void receive_bytes(struct watcher *watcher) {
	size_t kept = watcher->kept;
	if (kept) memcpy(buffer, watcher->rest, kept);
	ssize_t received = recv(watcher->socket, buffer + kept, BUFFER_SIZE - kept, 0);
	if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (received <= 0) {
		end(watcher);
		return;
	}
	bytes += (uint64_t)received;
	size_t size = kept + (size_t)received;
	buffer[size] = 0;
	size_t parsed = parse(watcher, buffer, size, now());
	if (size - parsed >= BUFFER_SIZE) {
		fprintf(stderr, "load: a message is larger than %d bytes\n", BUFFER_SIZE);
		exit(1);
	}
	if (watcher->state != ENDED) keep_rest(watcher, buffer + parsed, size - parsed);
}

static void send_request(struct watcher *watcher) {
	char number[16] = "", request[4096];
	const char *rest = strstr(path, "%d");
	int until = (int)(rest ? rest - path : (long)strlen(path));
	if (rest) snprintf(number, sizeof number, "%d", (int)(watcher - all) + 1);
	int size = snprintf(request, sizeof request, "GET %.*s%s%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", until, path,
		number, rest ? rest + 2 : "",
		protocol == SSE ? "Accept: text/event-stream\r\n"
			      : "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	watcher->state = HANDSHAKE;
	send_bytes(watcher, request, (size_t)size);
}

static void connect_watcher(struct watcher *watcher) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT, .data.ptr = watcher};
	int yes = 1;
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	watcher->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (watcher->socket < 0) fail("socket");
	setsockopt(watcher->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(watcher->socket, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, watcher->socket, &interest)) fail("epoll_ctl");
}

static void handle_event(struct watcher *watcher, uint32_t what) {
	if (watcher->state == IDLE && what & EPOLLOUT) {
		struct epoll_event interest = {.events = EPOLLIN, .data.ptr = watcher};
		int error = 0;
		socklen_t size = sizeof error;
		getsockopt(watcher->socket, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error) {
			errno = error;
			fail("connect");
		}
		epoll_ctl(poll_fd, EPOLL_CTL_MOD, watcher->socket, &interest);
		send_request(watcher);
	} else if (what & (EPOLLIN | EPOLLHUP | EPOLLERR) && watcher->state != ENDED) {
		receive_bytes(watcher);
	}
}

static void write_times(const char *file) {
	FILE *out = fopen(file, "wb");
	size_t count = (size_t)watchers * (size_t)events;
	if (!out || fwrite(times, sizeof *times, count, out) != count || fclose(out)) fail(file);
	print_line("written");
}

static void run_commands(void) {
	static char line[4096];
	static size_t buffered;
	ssize_t received = read(0, line + buffered, sizeof line - buffered - 1);
	if (received <= 0) exit(0);
	buffered += (size_t)received;
	line[buffered] = 0;
	for (char *stop; (stop = strchr(line, '\n'));) {
		char file[2048];
		*stop = 0;
		if (sscanf(line, "write %2047[^\n]", file) == 1)
			write_times(file);
		else if (sscanf(line, "seen %u %u %u", &wanted_first, &wanted_count, &wanted_by) == 3) {
			if ((uint64_t)wanted_first + wanted_count > (uint64_t)events) {
				fprintf(stderr, "load: only %d events exist: %s\n", events, line);
				exit(1);
			}
		} else if (!strcmp(line, "count")) {
			printf("count %llu %llu %llu %d\n", (unsigned long long)messages, (unsigned long long)bytes,
				(unsigned long long)disordered, lost);
			fflush(stdout);
		} else {
			fprintf(stderr, "load: unknown command: %s\n", line);
			exit(1);
		}
		buffered -= (size_t)(stop + 1 - line);
		memmove(line, stop + 1, buffered + 1);
	}
}

static void parse_arguments(char **arguments) {
	port = atoi(arguments[1]);
	protocol = !strcmp(arguments[2], "sse") ? SSE : !strcmp(arguments[2], "socketio") ? SOCKETIO : WEBSOCKET;
	watchers = atoi(arguments[3]);
	events = atoi(arguments[4]);
	concurrency = atoi(arguments[5]);
	ready_when_open = !strcmp(arguments[6], "open");
	path = arguments[7];
}

int main(int count, char **arguments) {
	if (count != 8) {
		fprintf(stderr, "usage: load PORT websocket|socketio|sse WATCHERS EVENTS CONCURRENCY open|first PATH\n");
		return 2;
	}
	parse_arguments(arguments);
	all = calloc((size_t)watchers, sizeof *all);
	times = calloc((size_t)watchers * (size_t)events + 1, sizeof *times);
	seen_by = calloc((size_t)events + 1, sizeof *seen_by);
	poll_fd = epoll_create1(0);
	if (!all || !times || !seen_by || poll_fd < 0) fail("calloc or epoll_create1");
	struct epoll_event own_input = {.events = EPOLLIN, .data.ptr = NULL}, ready_events[1024];
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &own_input);
	start_time = now();
	for (int started = 0;;) {
		while (started < watchers && started - ready < concurrency) connect_watcher(&all[started++]);
		int number = epoll_wait(poll_fd, ready_events, 1024, -1);
		for (int index = 0; index < number; index++) {
			if (ready_events[index].data.ptr)
				handle_event(ready_events[index].data.ptr, ready_events[index].events);
			else
				run_commands();
		}
		answer_if_seen();
	}
}
