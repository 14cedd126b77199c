"""Settings -> a provider of credentials that oss2 and our signer for the core SDK both take, asked at every signature.

provide.py opens what the settings say, chain.py goes through the standard chain, profiles.py reads a profile's file;
library.py asks STS and the metadata service, and kept.py holds what they gave until it is nearly over.
"""

from ossmend.daemon.cloud.credentials.pair import (
    OVER,
    Credentials,
    NoCredentials,
    Provider,
    StaticProvider,
    from_environment,
    static,
)
from ossmend.daemon.cloud.credentials.provide import World, open_credentials

__all__ = [
    "OVER",
    "Credentials",
    "NoCredentials",
    "Provider",
    "StaticProvider",
    "World",
    "from_environment",
    "open_credentials",
    "static",
]
