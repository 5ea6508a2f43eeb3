"""What is asked to be embedded, of whom; and recorded embeddings."""

import json
import sys
from pathlib import Path

from calls import Call
from shapes import KEY, PNG

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "corpus"))
import embeddings as corpus  # noqa: E402
import records  # noqa: E402

PAIR = ["one text", "another"]
SHAPES = {
    "string": {"input": "one text"},
    "array": {"input": PAIR},
    "tokens": {"input": [9906, 1917]},
    "token-arrays": {"input": [[9906, 1917], [9906]]},
    "dimensions": {"input": PAIR, "dimensions": 256},
    "float": {"input": PAIR, "encoding_format": "float"},
    "base64": {"input": PAIR, "encoding_format": "base64"},
    "user": {"input": PAIR, "user": "user-1"},
    "query": {"input": PAIR, "input_type": "query"},
    "search-query": {"input": PAIR, "input_type": "search_query"},
    "document": {"input": PAIR, "input_type": "search_document"},
    "task": {"input": PAIR, "task_type": "RETRIEVAL_QUERY"},
    "truncate": {"input": PAIR, "truncate": "END"},
    "image": {"input": ["data:image/png;base64," + PNG]},
    "many": {"input": [f"text {i}" for i in range(130)]},
}
TARGETS = {
    "openai/text-embedding-3-small": {"OPENAI_API_KEY": KEY},
    "openai/text-embedding-ada-002": {},
    "azure/text-embedding-3-small": {"AZURE_API_KEY": KEY, "AZURE_API_VERSION": "2024-10-21",
                                     "AZURE_API_BASE": "https://it.openai.azure.com"},
    "azure_ai/Cohere-embed-v3-english": {"AZURE_AI_API_KEY": KEY, "AZURE_AI_API_BASE":
                                         "https://it.services.ai.azure.com"},
    "cohere/embed-v4.0": {"COHERE_API_KEY": KEY},
    "cohere/embed-english-v3.0": {},
    "mistral/mistral-embed": {"MISTRAL_API_KEY": KEY},
    "mistral/codestral-embed": {},
    "voyage/voyage-3.5": {"VOYAGE_API_KEY": KEY},
    "voyage/voyage-context-3": {},
    "voyage/voyage-multimodal-3": {},
    "jina_ai/jina-embeddings-v3": {"JINA_AI_API_KEY": KEY},
    "jina_ai/jina-clip-v2": {},
    "gemini/gemini-embedding-001": {"GEMINI_API_KEY": KEY},
    "gemini/gemini-embedding-2": {},
    "vertex_ai/text-embedding-005": {"VERTEXAI_PROJECT": "project-1",
                                     "VERTEXAI_LOCATION": "us-central1"},
    "vertex_ai/gemini-embedding-001": {},
    "vertex_ai/multimodalembedding@001": {},
    "bedrock/amazon.titan-embed-text-v1": {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION_NAME": "us-east-1"},
    "bedrock/amazon.titan-embed-text-v2:0": {},
    "bedrock/amazon.titan-embed-image-v1": {},
    "bedrock/amazon.nova-2-multimodal-embeddings-v1:0": {},
    "bedrock/cohere.embed-english-v3": {},
    "bedrock/cohere.embed-v4:0": {},
    "bedrock/twelvelabs.marengo-embed-2-7-v1:0": {},
    "ollama/nomic-embed-text": {"OLLAMA_API_BASE": "https://ollama.test"},
    "together_ai/BAAI/bge-base-en-v1.5": {"TOGETHERAI_API_KEY": KEY},
    "fireworks_ai/nomic-ai/nomic-embed-text-v1.5": {"FIREWORKS_API_KEY": KEY},
    "nvidia_nim/nvidia/nv-embedqa-e5-v5": {"NVIDIA_NIM_API_KEY": KEY},
    "openrouter/openai/text-embedding-3-small": {"OPENROUTER_API_KEY": KEY},
    "databricks/databricks-bge-large-en": {"DATABRICKS_API_KEY": KEY, "DATABRICKS_API_BASE":
                                           "https://it.databricks.test/serving-endpoints"},
    "watsonx/ibm/slate-30m-english-rtrvr": {"WATSONX_URL": "https://us-south.ml.cloud.ibm.com",
                                            "WATSONX_API_KEY": KEY, "WATSONX_TOKEN": KEY, "WATSONX_PROJECT_ID": "project-1"},
    "github/text-embedding-3-small": {"GITHUB_API_KEY": KEY},
    "nebius/BAAI/bge-en-icl": {"NEBIUS_API_KEY": KEY},
    "volcengine/doubao-embedding": {"VOLCENGINE_API_KEY": KEY},
    "xinference/bge-m3": {"XINFERENCE_API_BASE": "https://xinference.test/v1",
                          "XINFERENCE_API_KEY": KEY},
    "infinity/bge-m3": {"INFINITY_API_KEY": KEY},
    "hosted_vllm/e5": {"HOSTED_VLLM_API_BASE": "https://vllm.test/v1", "HOSTED_VLLM_API_KEY": KEY},
    "lm_studio/e5": {"LM_STUDIO_API_BASE": "https://studio.test/v1", "LM_STUDIO_API_KEY": KEY},
    "litellm_proxy/e5": {"LITELLM_PROXY_API_BASE": "https://proxy.test",
                         "LITELLM_PROXY_API_KEY": KEY},
    "sambanova/E5-Mistral-7B-Instruct": {"SAMBANOVA_API_KEY": KEY},
    "dashscope/text-embedding-v3": {"DASHSCOPE_API_KEY": KEY},
    "deepinfra/BAAI/bge-m3": {"DEEPINFRA_API_KEY": KEY},
    "edenai/openai/text-embedding-3-small": {"EDENAI_API_KEY": KEY},
    "ovhcloud/bge-m3": {"OVHCLOUD_API_KEY": KEY},
    "vercel_ai_gateway/openai/text-embedding-3-small": {"VERCEL_AI_GATEWAY_API_KEY": KEY},
    "cometapi/text-embedding-3-small": {"COMETAPI_KEY": KEY},
    "wandb/e5": {"WANDB_API_KEY": KEY},
    "sagemaker/my-endpoint": {},
    "snowflake/snowflake-arctic-embed-m": {"SNOWFLAKE_JWT": KEY, "SNOWFLAKE_ACCOUNT_ID": "account"},
    "gigachat/EmbeddingsGigaR": {"GIGACHAT_ACCESS_TOKEN": KEY},
    "triton/e5": {},
    "perplexity/pplx-embed-v1-0.6b": {"PERPLEXITYAI_API_KEY": KEY},
}
# Addresses that LiteLLM takes from the deployment alone.
BASES = {"infinity/bge-m3": "https://infinity.test",
         "triton/e5": "https://triton.test/v2/models/e5/infer"}
# Provider in the corpus: who answers so.
ANSWERS = {
    "azure": "azure/text-embedding-3-small", "bedrock": "bedrock/amazon.titan-embed-text-v2:0",
    "cohere": "cohere/embed-v4.0", "dashscope": "dashscope/text-embedding-v3",
    "doubleword": "hosted_vllm/e5", "gemini": "gemini/gemini-embedding-001",
    "llamacpp": "hosted_vllm/e5", "mistral": "mistral/mistral-embed",
    "ollama": "ollama/nomic-embed-text", "openai": "openai/text-embedding-3-small",
    "openrouter": "openrouter/openai/text-embedding-3-small", "venice": "hosted_vllm/e5",
    "vertex_ai": "vertex_ai/text-embedding-005", "voyage": "voyage/voyage-3.5",
}
EACH = 12
JSON = {"content-type": "application/json"}


def requests():
    for target in TARGETS:
        for name, shape in SHAPES.items():
            base = {"api_base": BASES[target]} if target in BASES else {}
            yield Call("request", {"model": target, **base}, name, shape, "embed")


def target_of(r):
    """Who answers so; None: an address that nobody asks here (embedContent, OpenAI's of others)."""
    body = r.body if isinstance(r.body, dict) else {}
    if r.provider in ("gemini", "vertex_ai") and "embedding" in body:
        return None
    if r.provider in ("bedrock", "ollama") and r.language == "openai_embed":
        return None
    if r.provider == "bedrock" and "embeddings" in body:
        nova = "embeddingType" in json.dumps(body)
        return f"bedrock/{'amazon.nova-2-multimodal-embeddings-v1' if nova else 'cohere.embed-v4'}:0"
    return ANSWERS.get(r.provider)


def replies():
    if not records.FOLDER.exists():
        return
    seen = {}
    for r in corpus.load():
        target = None if r.status >= 400 or r.damaged else target_of(r)
        if target and seen.setdefault(target, 0) < EACH:
            seen[target] += 1
            vectors = corpus.vectors_of(r.body)
            asked = {"input": ["text"] * len(vectors)}
            if vectors and isinstance(vectors[0], str):
                asked["encoding_format"] = "base64"
            yield Call("reply", {"model": target}, r.name, asked, "embed",
                       (200, JSON, json.dumps(r.body).encode()))
