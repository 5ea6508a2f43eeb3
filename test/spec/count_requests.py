"""Whether a body asks how many tokens a prompt has, as its provider takes it: by Anthropic's and
OpenAI's OpenAPI documents, Google's protos and the service model of the AWS SDKs.

What a model is told besides, and what it cannot be told, the request itself will say: of a count
only what makes up its prompt is looked for.
"""

import anthropic_requests
import bedrock_requests
import gemini_requests
import openapi
import responses_requests
import shapes

# Features by their names.
COUNTED = ("system", "late system", "turns", "image", "pdf", "text document", "tools", "results")
_documents = {}


def anthropic_faults(body, request):
    if not _documents:
        _documents["anthropic"] = openapi.Document("anthropic")
    yield from _documents["anthropic"].faults(
        {"$ref": "#/components/schemas/BetaCountMessageTokensParams"}, body)
    yield from anthropic_requests.conversation_faults(body)


def bedrock_faults(body, request):
    yield from bedrock_requests.model().body_faults("CountTokensRequest", body)
    yield from bedrock_requests.conversation_faults(body["input"]["converse"])


def gemini_faults(body, request):
    yield from gemini_requests.message_faults(gemini_requests.STUDIO, body, "CountTokensRequest")
    yield from gemini_requests.turn_faults(body["generateContentRequest"])


def openai_faults(body, request):
    yield from responses_requests.faults(body, request, "TokenCountsBody")


def vertex_faults(body, request):
    """What AI Studio's clients alone can say of a search goes as it came."""
    for fault in gemini_requests.message_faults(gemini_requests.VERTEX, body, "CountTokensRequest"):
        if "timeRangeFilter" not in fault:
            yield fault
    yield from gemini_requests.turn_faults(body)


def _has(name):
    return lambda: openapi.is_here(name)


# As matrix.TARGETS.
TARGETS = [
    ("anthropic_count", _has("anthropic"), anthropic_faults,
     ("anthropic/claude-sonnet-4-5", "anthropic/claude-3-5-haiku-latest")),
    ("bedrock_count", shapes.is_here, bedrock_faults,
     ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",)),
    ("gemini_count", gemini_requests.is_here, gemini_faults, ("gemini/gemini-2.5-flash",)),
    ("openai_count", _has("openai"), openai_faults, ("openai/gpt-4o", "openai/gpt-5-mini")),
    ("vertex_count", gemini_requests.is_here, vertex_faults, ("vertex_ai/gemini-2.5-flash",)),
]
