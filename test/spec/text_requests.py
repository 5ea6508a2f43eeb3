"""Whether a body is a prompt with its parameters, as the services of models of text have it: by the
members that their pages list.
"""

import openapi

WORD = {"type": "string"}
YES = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 1}


def _object(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties}


def _number(low, high):
    return {"type": "number", "minimum": low, "maximum": high}


def _words(most):
    return {"type": "array", "maxItems": most, "items": {"type": "string", "minLength": 1}}


SHARE = _number(0, 1)
TURN = _object("role message", role={"type": "string", "enum": ["USER", "CHATBOT", "SYSTEM"]},
               message=WORD)
# Bedrock's: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html,
# -meta.html, -mistral-text-completion.html, -cohere-command.html, -cohere-command-r-plus.html,
# -anthropic-claude-text-completion.html, -jurassic2.html (2025). TGI's OpenAPI document (3.x),
# docs.nlpcloud.com (#generation), Triton's extension_generate with the TensorRT-LLM backend,
# cloud.ibm.com/apidocs/watsonx-ai (#text-generation), replicate.com/docs/reference/http and the
# schema of meta/meta-llama-3-8b-instruct (all 2026).
PAGES = {
    "titan": _object("inputText", inputText=WORD, textGenerationConfig=_object(
        "", maxTokenCount=COUNT, temperature=SHARE, topP=SHARE, stopSequences=_words(4))),
    "llama": _object("prompt", prompt=WORD, max_gen_len=COUNT, temperature=SHARE, top_p=SHARE),
    "mistral": _object("prompt", prompt=WORD, max_tokens=COUNT, temperature=SHARE, top_p=SHARE,
                       top_k={"type": "integer", "minimum": 1}, stop=_words(10)),
    "cohere": _object("prompt", prompt=WORD, max_tokens=COUNT, temperature=_number(0, 5), p=SHARE,
                      k=_number(0, 500), stop_sequences=_words(4), num_generations=COUNT, stream=YES,
                      return_likelihoods=WORD, truncate=WORD, logit_bias={"type": "object"}),
    "cohere-r": _object(
        "message", message=WORD, chat_history={"type": "array", "items": TURN}, max_tokens=COUNT,
        temperature=_number(0, 1), p=_number(0.01, 0.99), k=_number(0, 500), seed={"type": "integer"},
        frequency_penalty=SHARE, presence_penalty=SHARE, stop_sequences=_words(10), preamble=WORD,
        documents={"type": "array"}, tools={"type": "array"}, raw_prompting=YES),
    "claude": _object("prompt max_tokens_to_sample", prompt=WORD, max_tokens_to_sample=COUNT,
                      temperature=SHARE, top_p=SHARE, top_k=_number(0, 500),
                      stop_sequences=_words(8191)),
    "jurassic": _object("prompt", prompt=WORD, maxTokens=COUNT, temperature=SHARE, topP=SHARE,
                        numResults=COUNT, stopSequences=_words(16)),
    "tgi": _object("inputs", inputs=WORD, stream=YES, parameters=_object(
        "", max_new_tokens=COUNT, temperature=_number(0, 100), top_p=SHARE, top_k=COUNT,
        seed={"type": "integer"}, frequency_penalty=_number(-2, 2), repetition_penalty=_number(0, 9),
        best_of=COUNT, do_sample=YES, stop=_words(99), details=YES, return_full_text=YES,
        grammar=_object("type value", type=WORD, value={"type": "object"}))),
    "nlp-cloud": _object("text", text=WORD, max_length=COUNT, temperature=SHARE, top_p=SHARE,
                         top_k=COUNT, repetition_penalty=_number(0, 9), end_sequence=WORD,
                         remove_input=YES, length_no_input=YES, remove_end_sequence=YES),
    "triton": _object("text_input", text_input=WORD, stream=YES, parameters=_object(
        "", max_tokens=COUNT, temperature=_number(0, 9), top_p=SHARE, top_k=COUNT,
        random_seed={"type": "integer"}, frequency_penalty=_number(-2, 2),
        presence_penalty=_number(-2, 2), repetition_penalty=_number(0, 9), stop_words=_words(99))),
    "infer": _object("inputs", inputs={"type": "array", "items": _object(
        "name shape datatype data", name=WORD, shape={"type": "array"}, data={"type": "array"},
        datatype={"type": "string", "enum": ["BOOL", "BYTES", "FP32", "INT32"]})}),
    "watsonx": _object("input model_id", input=WORD, model_id=WORD, project_id=WORD, space_id=WORD,
                       parameters=_object("", max_new_tokens=COUNT, temperature=_number(0, 2),
                                          top_p=SHARE, top_k=COUNT, random_seed={"type": "integer"},
                                          repetition_penalty=_number(1, 2), stop_sequences=_words(6))),
    "replicate": _object("input", stream=YES, version=WORD, input=_object(
        "prompt", prompt=WORD, max_new_tokens=COUNT, temperature=_number(0, 5), top_p=SHARE,
        top_k=COUNT, seed={"type": "integer"}, presence_penalty=_number(-9, 9),
        frequency_penalty=_number(-9, 9), repetition_penalty=_number(-9, 9), stop_sequences=WORD)),
}
# Numbers that a client gives out of bounds are the service's to refuse, under whatever name.
GIVEN = ("temperature", "top_p", "topP", "p", "presence_penalty", "frequency_penalty")


def by_page(name):
    def faults(body, _):
        return [fault for fault in openapi.Literal(PAGES[name]).faults(PAGES[name], body)
                if not (" is not in " in fault and fault.split(":")[0].split(".")[-1] in GIVEN)]
    return faults


def _always():
    return True


NEVER_STREAMED = "a prompt, never streamed"  # the whole reply is asked for, and told as a stream
# As matrix.TARGETS.
TARGETS = [
    (NEVER_STREAMED, _always, by_page("nlp-cloud"), ("nlp_cloud/dolphin",)),
    (NEVER_STREAMED, _always, by_page("infer"), ("triton/infer",))] + [
    ("a prompt", _always, by_page(name), (model,)) for name, model in (
    ("titan", "bedrock/invoke/amazon.titan-text-express-v1"),
    ("llama", "bedrock/invoke/meta.llama3-8b-instruct-v1:0"),
    ("mistral", "bedrock/invoke/mistral.mistral-7b-instruct-v0:2"),
    ("cohere", "bedrock/invoke/cohere.command-text-v14"),
    ("cohere-r", "bedrock/invoke/cohere.command-r-v1:0"),
    ("claude", "bedrock/invoke/anthropic.claude-v2:1"),
    ("jurassic", "bedrock/invoke/ai21.j2-ultra-v1"), ("tgi", "predibase/my-model"),
    ("triton", "triton/ensemble"), ("watsonx", "watsonx_text/google/flan-ul2"),
    ("replicate", "replicate/meta/meta-llama-3-8b-instruct"))]
