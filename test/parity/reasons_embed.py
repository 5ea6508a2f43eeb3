"""Why embeddings differ, and who is right: rows of the list in reasons.py."""

from compare import ABSENT
from rule import OURS, SAME, Rule


def request(target, path, verdict, why, **more):
    return Rule("embed request", target, path, verdict, why, **more)


PURPOSES = "query|search-query|document|task|truncate"
RULES = [
    request("*", "*", OURS,
            "numbers of tokens become text where the service takes none; LiteLLM sends the numbers, or "
            "fails", shape="tokens|token-arrays"),
    request("*", "*", OURS, "more texts than a request takes go in several", shape="many"),
    request("*", "body.input*|body.text|body.text[]|body.inputs*", SAME,
            "one text, or a list of one", shape="string"),
    request("azure", "body.encoding_format", SAME,
            "OpenAI's SDK asks for base64 and makes numbers of it again",
            when=lambda a, b: b == "base64"),
    request("*", "body.*type*|body.*task*|body*truncat*|body.*Truncat*|body.extra_body.*|"
            "body.*embeddingPurpose", OURS,
            "what a text is for, and what becomes of one that is too long, is called as the service "
            "calls it; LiteLLM sends OpenAI's or Cohere's word, which is answered with 400 or ignored",
            shape=PURPOSES),
    request("*", "body.user|body.encoding_format|body.dimensions|body.embedding_type|"
            "body.output_dimension", OURS, "LiteLLM leaves out what the client said"),
    request("github|deepinfra", "refused*", OURS, "LiteLLM has no embeddings of it"),
    request("bedrock|cohere", "body.embedding_types[]|body.embeddingTypes[]", SAME,
            "numbers are the default"),
    request("bedrock", "body.schemaVersion|body.singleEmbeddingParams.embeddingDimension", SAME,
            "the version that there is, and the default"),
    request("bedrock", "body.inputType|body.textTruncate|body.embeddingOption[]", OURS,
            "LiteLLM writes what the text is for in the place of what it is"),
    request("bedrock", "body.inputText", OURS, "LiteLLM loses the text beside its purpose",
            shape="query|search-query|document"),
    request("cohere|bedrock", "body.input_type", OURS,
            "the fourth generation is told what a picture is for, as a text (docs.cohere.com, Embed)",
            shape="image"),
    request("*", "refused*", OURS,
            "a model that takes text only is not sent a picture's base64 as text", shape="image"),
    request("bedrock", "body.mediaSource*|body.inputText", OURS,
            "LiteLLM leaves the picture out", shape="image"),
    request("cohere", "host", SAME, "two names of one service"),
    request("vertex_ai", "body.parameters", SAME, "nothing, or an empty object"),
    request("vertex_ai", "body.instances[]*", OURS,
            "the multimodal model takes one instance a request (cloud.google.com, Multimodal "
            "embeddings API): the others follow"),
    request("voyage", "body.chunk_size|body.enable_auto_chunking|body.inputs*", SAME,
            "each text is a document of one chunk; LiteLLM has the service cut it, which cuts none "
            "that fits"),
    request("voyage|triton", "headers*", SAME, "a body of JSON is called one"),
    request("voyage", "body.input_type", OURS,
            "nobody said what the texts are for, and saying it changes the vectors",
            when=lambda a, b: a == ABSENT),
    request("watsonx", "body.parameters.token", OURS, "LiteLLM sends what is its own"),
    request("volcengine", "refused*", OURS, "LiteLLM fails on dimensions", shape="dimensions"),
    request("azure_ai", "body.model", OURS, "the address is that of all models: the body says which",
            shape="image"),
    request("azure_ai", "headers.*", SAME, "the service takes the key as either"),
    request("azure_ai", "query*", OURS,
            "the version that the service wants (learn.microsoft.com, Model inference)"),
    Rule("embed reply", "cohere|bedrock", "*", OURS,
         "LiteLLM fails on embeddings by type, as Cohere's v2 answers"),
    Rule("embed reply", "voyage", "usage*", OURS, "LiteLLM loses what was used"),
    Rule("embed reply", "gemini", "usage.*", OURS,
         "what Gemini counted; LiteLLM guesses, with a tokenizer of OpenAI's"),
    Rule("embed reply", "ollama", "*", OURS, "LiteLLM fails where no count comes along"),
]
