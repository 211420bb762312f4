"""Make the notebooks of this folder from their sources and run them: `python run_notebooks.py [NAME…]`.

Each NN_name.py (jupytext, percent format) becomes NN_name.ipynb with its outputs.  Nothing that differs between runs
or machines is kept, so that running it twice gives the same files.
"""

import asyncio
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import zmq
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
_METADATA: dict[str, Any] = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_LIVE = "application/vnd.jupyter.widget-view+json"
_SECONDS = 120


def sources() -> list[Path]:
    """The notebooks' sources in reading order, each before its solutions."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def made(source: Path) -> nbformat.NotebookNode:
    """The notebook of a source, run in a kernel of its own, with nothing in it that differs between runs.

    `nbclient.exceptions.CellExecutionError` if a cell fails; `ValueError` if one writes to stderr or prints a path of
    this machine.
    """
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.from_dict(_METADATA)
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(source.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
        coalesce_streams=True,
    )
    look_again(client)
    client.execute()
    return _settled(notebook, source.name)


def look_again(client: NotebookClient, seconds: float = 1.0) -> None:
    """Have the client look for messages every so often while its kernel lives.

    Now and then pyzmq is not woken by a message that has come, and the client would wait for it until a cell's time is
    over; asking a socket for its events lets pyzmq deliver what is there.
    """
    looking: list[asyncio.Task[None]] = []

    async def look(sockets: list[zmq.Socket]) -> None:
        while True:
            await asyncio.sleep(seconds)
            for socket in sockets:
                with suppress(zmq.ZMQError):  # closed
                    socket.get(zmq.EVENTS)

    async def start(**_: Any) -> None:
        assert client.kc is not None
        sockets: Any = [client.kc.shell_channel.socket, client.kc.iopub_channel.socket]
        looking.append(asyncio.create_task(look(sockets)))

    async def end(**_: Any) -> None:
        while looking:
            looking.pop().cancel()

    client.on_notebook_start, client.on_notebook_complete = start, end


def _settled(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """The notebook without live widgets, times and random names."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    count = 0
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place:02d}"
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.get("name") == "stderr":
                raise ValueError(f"{name}: cell {place} writes to stderr: {output['text']}")
            if "execution_count" in output:
                output.execution_count = count
            if "data" in output:
                output.data.pop(_LIVE, None)
                output.metadata = nbformat.from_dict({})
            if path := machine_path(output):
                raise ValueError(f"{name}: cell {place} prints a path of this machine: {path}")
    nbformat.validate(notebook)
    return notebook


def machine_path(output: Any) -> str | None:
    """An absolute path in the text of an output, or None."""
    text = [
        output.get("text", ""),
        *(str(v) for k, v in output.get("data", {}).items() if k != "image/png"),
    ]
    found = re.search(
        r"(?<![\w.:<])(?:/(?:home|root|usr|tmp|work|Users|opt|var|mnt)/\S+|[A-Z]:\\\S+)",
        "\n".join(text),
    )
    return found and found.group()


def main(names: list[str]) -> None:
    """Make and run the notebooks whose names begin with one of `names`, or all."""
    for source in sources():
        if not names or source.name.startswith(tuple(names)):
            nbformat.write(made(source), source.with_suffix(".ipynb"))
            sys.stdout.write(f"{source.stem}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
