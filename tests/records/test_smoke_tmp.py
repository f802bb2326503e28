import pytest
from tests.factories import *
def test_world(world):
    for r, i in world.objects:
        b = body(r, i)
        print(b)
@pytest.mark.django_db(transaction=True)
def test_t():
    w = world()
@pytest.mark.django_db(transaction=True)
def test_t2():
    w = world()
