"""Reads Replicate's predictions, from its HTTP reference; from nothing in src/."""

from reply import Choice, Reply


def read_whole(body):
    reply = Reply(id=body.get("id"), model=body.get("model"))
    output = body["output"]
    reply.choices[0] = Choice(text=output if isinstance(output, str) else "".join(output),
                              finish="stop")
    return reply


def stranger(body):
    """Why it is no answer, or None."""
    if body.get("status") != "succeeded":
        return f"a prediction that is {body.get('status')}: the answer is asked for later"
    output = body.get("output")
    if not isinstance(output, str) and not (
            isinstance(output, list) and all(isinstance(piece, str) for piece in output)):
        return "no text"
    return None
