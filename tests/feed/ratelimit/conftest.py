import pytest
import redis as redis_client

from tests.support import services


@pytest.fixture
def redis(own_redis: services.Service) -> services.Service:
    """An empty Redis that a test may kill and freeze."""
    with redis_client.Redis.from_url(own_redis.url) as client:
        client.flushall()
    return own_redis
