import os
from os import environ, getenv as ge

from decouple import config
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
import environ as dj

env = dj.Env(DEBUG_MODE=(bool, False))  # want: DEBUG_MODE default
KEY = os.environ["OPENAI_API_KEY"]  # want: OPENAI_API_KEY required
PORT = os.environ.get("SERVICE_PORT", "80")  # want: SERVICE_PORT default
HOST = os.getenv("SERVICE_HOST")  # want: SERVICE_HOST required
NAME = ge("SERVICE_NAME") or "x"  # want: SERVICE_NAME default
LOG = environ.get("LOG_LEVEL", default="info")  # want: LOG_LEVEL default
MAIL = environ["MAIL_FROM"]  # want: MAIL_FROM required
if "SENTRY_DSN" in os.environ:  # want: SENTRY_DSN soft
    pass
TOKEN = config("API_TOKEN")  # want: API_TOKEN required
SIZE = config("POOL_SIZE", default=5, cast=int)  # want: POOL_SIZE default
SECRET = env("DJANGO_SECRET")  # want: DJANGO_SECRET required
DB = env.db("DATABASE_URL", default="sqlite:///x")  # want: DATABASE_URL default
FLAG = os.getenv(f"FEATURE_{NAME}")  # want: FEATURE_ dynamic
DOC = """os.environ["IN_A_STRING"]"""
# os.environ["COMMENTED"]
CONST = "FROM_CONSTANT"
C = os.environ[CONST]  # want: FROM_CONSTANT required


def must(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise RuntimeError(name)
    return value


STRIPE = must("STRIPE_KEY")  # want: STRIPE_KEY required


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env")
    redis_url: str  # want: APP_REDIS_URL required
    workers: int = 4  # want: APP_WORKERS default
    token: str = Field(validation_alias="ACCESS_TOKEN")  # want: ACCESS_TOKEN required
    region: str = Field(default="eu")  # want: APP_REGION default
    _private: int = 1


def handler(flag):
    return os.environ[flag]  # want:  dynamic
