"""Notebooks are run without waiting for messages that have come."""

import asyncio
import time

import nbformat
import zmq
from nbclient import NotebookClient

from run_notebooks import look_again

SECONDS = 20


def test_a_message_that_pyzmq_was_not_woken_for_is_found():
    """Reading a socket's events behind pyzmq's back takes the wake-up away, as happens by chance otherwise."""
    cells = [nbformat.v4.new_code_cell("import time; time.sleep(0.2)") for _ in range(2)]
    client = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=SECONDS, kernel_name="python3")
    look_again(client, 0.5)

    async def steal(socket):
        await asyncio.sleep(0.1)  # the client waits by now
        time.sleep(0.5)  # the message comes while nobody listens
        stolen.append(zmq.Socket.get(socket, zmq.EVENTS) & zmq.POLLIN)

    def begin(**_):
        begun.append(asyncio.ensure_future(steal(client.kc.shell_channel.socket)))

    begun, stolen = [], []
    client.on_cell_complete = begin
    started = time.monotonic()
    client.execute()
    assert any(stolen) and time.monotonic() - started < SECONDS
