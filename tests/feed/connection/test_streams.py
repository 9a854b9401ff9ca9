"""Server-sent events are written to a server's transport at once, and in the encoding that the client agreed to."""

from types import SimpleNamespace
from typing import Any

from feed.connection import stream_for
from feed.connection.asgi import Message
from feed.connection.uvicorn_stream import UvicornStream
from feed.frames.formats import Frame
from tests.feed.connection.test_transports import UvicornProtocol

EVENT = Frame("Hello", 7, "k3x9")
CHUNK = b"18\r\nid: k3x9:7\ndata: Hello\n\n\r\n"


def cycle_of_uvicorn(version: str) -> Any:
    """A request and its response, on a transport that records what is written."""
    protocol = UvicornProtocol([])
    protocol.transport.get_protocol = lambda: protocol
    protocol.transport.get_extra_info = lambda name: SimpleNamespace(setsockopt=lambda *option: None)
    protocol.transport.abort = lambda: protocol.written.append(b"aborted")
    cycle: Any = UvicornProtocol([])
    cycle.transport, cycle.flow, cycle.scope = protocol.transport, object(), {"http_version": version}
    return cycle, protocol


async def test_a_reader_of_uvicorn_gets_the_event_as_a_chunk() -> None:
    cycle, protocol = cycle_of_uvicorn("1.1")
    stream = stream_for(cycle.send)
    assert isinstance(stream, UvicornStream)
    stream.write(EVENT)
    assert (protocol.written, stream.is_writable) == ([CHUNK], True)


async def test_without_chunks_uvicorn_writes_the_event_itself() -> None:
    cycle, protocol = cycle_of_uvicorn("1.0")
    stream = stream_for(cycle.send)
    stream.write(EVENT)
    await stream.writable()
    assert (protocol.written, cycle.sent[0]["body"]) == ([], EVENT.event)


async def test_a_reader_of_uvicorn_that_stops_reading_is_not_written_to() -> None:
    cycle, _ = cycle_of_uvicorn("1.1")
    stream = stream_for(cycle.send)
    assert isinstance(stream, UvicornStream)
    stream.pause_writing()
    assert not stream.is_writable
    stream.resume_writing()
    assert stream.is_writable


async def test_a_reader_of_uvicorn_that_goes_on_sending_is_cut_off() -> None:
    cycle, protocol = cycle_of_uvicorn("1.1")
    stream = stream_for(cycle.send)
    assert isinstance(stream, UvicornStream)
    stream.received(b"x" * 16_384)
    assert protocol.written == []
    stream.received(b"x")
    assert protocol.written == [b"aborted"]


async def test_an_unknown_server_gets_events_through_asgi() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    stream = stream_for(send)
    stream.write(EVENT)
    assert not stream.is_writable
    await stream.writable()
    assert sent == [{"type": "http.response.body", "body": b"id: k3x9:7\ndata: Hello\n\n", "more_body": True}]


async def test_an_event_that_does_not_move_the_cursor_has_no_id() -> None:
    assert Frame("Hello").event == b"data: Hello\n\n"
