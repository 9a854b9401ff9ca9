from typing import Any

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from customers.models import Customer


class SignUpForm(forms.Form):
    email = forms.EmailField()
    handle = forms.SlugField(max_length=30)
    password = forms.CharField(widget=forms.PasswordInput)


def sign_up(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST or None)
    if form.is_valid():
        customer: Any = Customer.objects.create_user(**form.cleaned_data)
        login(request, customer)
        return redirect("feed:home")
    return render(request, "customers/form.html", {"form": form})
