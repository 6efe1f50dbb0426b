"""What a user types is looked through for passwords."""

import pytest

from storagebench.credentials import holds_password


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter2@h/db",
        "store.address=redis://:hunter2@h:6379",
        "postgresql://u@h/db?sslmode=require&password=hunter2",
        "postgresql://h/db?sslpassword=hunter2",
        "host=h user=u password = hunter2",
        "-x HTTPS_PROXY=https://u:hun:ter2@h",
        "-x AWS_SECRET_ACCESS_KEY=hunter2",
        "-x API_TOKEN=hunter2",
        "password=hunter2",
    ],
)
def test_a_password_is_found(text):
    assert holds_password(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postgresql://user@h:5432/db",
        "host:19530",
        "s3://bucket?endpoint=http://127.0.0.1:5000",
        "-x REDIS_PASSWORD --mca btl self,tcp",
        "http://[::1]:19530/a@b",
        "output_tokens=5",
    ],
)
def test_what_is_none_is_left_alone(text):
    assert not holds_password(text)
