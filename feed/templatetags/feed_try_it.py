from django import template

from feed.try_it import may_simulate

register = template.Library()
register.filter("may_simulate", may_simulate)
